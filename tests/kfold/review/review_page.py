"""The review page as a person uses it, with positions in pixels of the face."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from data.competition import IMAGE_SIZE, KEYPOINTS

VIEWPORT = {"width": 1280, "height": 900}
NOISE = 0.4
"""Standard deviation of the predictions' errors, in pixels."""

SHOWN = ".stage:not([data-row=''])[data-row]"


@dataclass(frozen=True)
class Faults:
    """Rows with wrong labels, by the kind of fault."""

    swapped: int
    shifted: int
    single: int
    most: int
    disagreeing: tuple[int, int]


@dataclass
class ReviewPage:
    """An open review; complaints are console messages, errors, and requests to other places."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        def check(url: str) -> None:
            if not url.startswith((self.origin, "blob:", "data:")):
                self.complaints.append(f"request to {url}")

        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: check(request.url))

    def goto(self, address: str) -> None:
        self.page.goto(address)
        self.wait()

    def reload(self) -> None:
        self.page.reload()
        self.wait()

    def wait(self) -> None:
        """Wait until a face is shown and may be edited, or the banner says why it may not."""
        self.until(SHOWN)
        self.until("[data-turn]")

    def until(self, selector: str) -> None:
        """Wait for an element, visible or not."""
        self.page.locator(selector).wait_for(state="attached")

    def until_saved(self, text: str = "All is saved") -> None:
        self.until(f".saved:text-is('{text}')")

    def until_turn(self, where: str) -> None:
        self.until(f"[data-turn={where}]")

    def take_over(self) -> None:
        self.page.get_by_role("button", name="Edit here").click()
        self.until_turn("here")
        self.wait()

    @property
    def row(self) -> int:
        """Row of the face whose image is shown."""
        self.until(SHOWN)
        return int(self.text("#face-title").removeprefix("row "))

    @property
    def place(self) -> str:
        return self.text(".position")

    @property
    def saved(self) -> str:
        return self.text(".saved")

    @property
    def announced(self) -> str:
        return self.text(".announced")

    @property
    def banner(self) -> str:
        banner = self.page.locator(".banner")
        return banner.locator("span").inner_text() if banner.is_visible() else ""

    def text(self, selector: str) -> str:
        return self.page.locator(selector).text_content()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def point(self, keypoint: str) -> list[str]:
        """What the table says of a keypoint: x, y and error, or why it has none."""
        line = self.page.locator(".points tbody tr").nth(KEYPOINTS.index(keypoint))
        return [text for text in line.locator("td").all_text_contents() if text]

    def place_of(self, x: float, y: float) -> tuple[float, float]:
        """Where the screen has a point of the face, by the rectangle of its image."""
        box = self.page.locator(".stage canvas").bounding_box()
        scale = box["width"] / IMAGE_SIZE
        return box["x"] + (x + 0.5) * scale, box["y"] + (y + 0.5) * scale

    def choose(self, keypoint: str) -> None:
        name = keypoint.replace("_", " ")
        self.page.locator(".points").get_by_role("button", name=name, exact=True).click()

    def filter(self, **choices: str) -> None:
        for name, value in choices.items():
            self.page.locator(f"[name={name}]").select_option(value)

    def mark(self, keypoint: str, kind: str) -> tuple[float, float]:
        """Where the screen has a mark of a keypoint: its middle."""
        selector = f'[data-k="{KEYPOINTS.index(keypoint)}"] .{kind}'
        box = self.page.locator(selector).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def download(self) -> Path:
        with self.page.expect_download() as download:
            self.press("s")
        assert download.value.suggested_filename == "corrections.csv"
        return Path(download.value.path())


@contextmanager
def open_review(
    browser: Browser | BrowserContext, address: str, **options: object
) -> Iterator[ReviewPage]:
    """Open a review in a browser of its own; it must have no complaints in the end."""
    context = browser
    if isinstance(browser, Browser):
        context = browser.new_context(viewport=VIEWPORT, **options)
    review = ReviewPage(context.new_page(), address.rpartition("/review/")[0])
    review.goto(address)
    yield review
    if context is not browser:
        context.close()
    assert review.complaints == []
