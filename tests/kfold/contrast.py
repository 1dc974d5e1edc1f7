"""Contrast of a page's colours."""

from collections.abc import Sequence

from playwright.sync_api import Page

READABLE = 4.5
"""Contrast that WCAG asks for."""

_RATIOS = """(inks) => {
  const luminance = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const probe = document.body.appendChild(document.createElement("i"));
  const luminanceOf = (name) => {
    probe.style.color = `var(--${name})`;
    return luminance(getComputedStyle(probe).color);
  };
  const ratios = {};
  for (const paper of ["paper", "surface"])
    for (const ink of inks) {
      const [a, b] = [luminanceOf(ink), luminanceOf(paper)];
      ratios[`${ink} on ${paper}`] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }
  probe.remove();
  return ratios;
}"""


def low_contrasts(page: Page, inks: Sequence[str]) -> dict[str, float]:
    """Contrasts that are too low to read, of the page's colours `--<ink>` on its backgrounds."""
    ratios = page.evaluate(_RATIOS, list(inks))
    return {name: ratio for name, ratio in ratios.items() if ratio < READABLE}
