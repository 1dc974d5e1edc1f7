"""Start a session on Kaggle's machines: push a kernel, and see what is left of the GPU quota."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from data.competition import PHONE_PAGE, RULES_PAGE, SLUG
from data.kaggle.client import kaggle_api, user_name
from data.kaggle.kernels import ADVICE, Kernel
from data.system.errors import UserError

if TYPE_CHECKING:
    from kagglesdk.kaggle_client import KaggleClient
    from kagglesdk.kernels.types.kernels_api_service import (
        ApiSaveKernelRequest,
        ApiSaveKernelResponse,
    )

_MACHINE = "NvidiaTeslaT4"
"""The other GPU that Kaggle lends, a P100, is of a kind that newer TensorFlow leaves out."""

_PUSH_ADVICE = {
    403: f"Verify your phone number on {PHONE_PAGE} and accept the rules on {RULES_PAGE}, then run "
    "this again.",
    404: "Run this again later.",
}


class KernelRefusedError(UserError):
    """Kaggle answered that it starts no kernel, or none with the competition's files."""


def gpu_time_left() -> tuple[timedelta, str] | None:
    """What is left of the week's GPU quota, and the day it is renewed; None if Kaggle doesn't say.

    Raises:
        UserError: no credentials, or the request fails.
    """
    import requests

    with kaggle_api("ask for the GPU quota", _PUSH_ADVICE) as client:
        try:
            found = client.kernels.kernels_api_client.get_accelerator_quota_statistics()
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code in (403, 404):
                return None
            raise
    if not (found.gpu_quota and found.gpu_quota.total_time_allowed):
        return None
    quota, none = found.gpu_quota, timedelta()
    left = quota.total_time_allowed - (quota.time_used or none) - (quota.time_reserved or none)
    renewed = found.quota_refresh_time
    return max(left, none), f"{renewed:%Y-%m-%d}" if renewed else "a week's end"


def push_kernel(title: str, slug: str, source: str, mark: str, gpu: bool) -> Kernel:
    """Push a private Python script with the competition's files, which starts its session.

    Args:
        title: of the kernel; in lower case and with dashes for blanks it is `slug`.
        slug: its name in addresses; a kernel of this name gets another version.
        source: of the script.
        mark: a part of `source` that no other version has.
        gpu: whether the session has a GPU.

    Raises:
        KernelRefusedError: Kaggle answered that it starts none.
        UserError: no credentials, or Kaggle did not answer: the kernel may have started.
    """
    import requests

    with kaggle_api("start a kernel", _PUSH_ADVICE) as client:
        owner = user_name(client)
        request = _save_request(f"{owner}/{slug}", title, source, gpu)
        try:
            saved = client.kernels.kernels_api_client.save_kernel(request)
        except requests.RequestException as error:
            refused = error.response is not None and error.response.status_code < 500
            if not refused and (kernel := _find(client, owner, slug, mark)):
                return kernel
            raise
    _check(saved)
    names = saved.ref.strip("/").split("/")  # "/code/someone/slug"
    owner, slug = names[-2:] if len(names) > 1 else (owner, slug)
    return Kernel(owner, slug, saved.version_number, saved.url or _page(owner, slug))


def find_kernel(slug: str, mark: str) -> Kernel | None:
    """The newest version of one's kernel `slug` if its source holds `mark`.

    Raises:
        UserError: no credentials, or the request fails.
    """
    with kaggle_api("look for the kernel", ADVICE) as client:
        return _find(client, user_name(client), slug, mark)


def _save_request(ref: str, title: str, source: str, gpu: bool) -> ApiSaveKernelRequest:
    from kagglesdk.kernels.types.kernels_api_service import ApiSaveKernelRequest

    request = ApiSaveKernelRequest()
    request.slug, request.new_title, request.text = ref, title, source
    request.language, request.kernel_type = "python", "script"
    request.is_private = True
    request.competition_data_sources = [SLUG]
    request.enable_gpu = gpu
    request.machine_shape = _MACHINE if gpu else None
    request.enable_internet = True  # for packages
    return request


def _check(saved: ApiSaveKernelResponse) -> None:
    """Refuse a kernel that did not start, or started without its data."""
    if saved.invalid_competition_sources:
        raise KernelRefusedError(
            f"Kaggle gives your kernels no files of {SLUG}: accept the rules on {RULES_PAGE}, then "
            "run this again."
        )
    if not saved.error:
        return
    reason = saved.error.rstrip(".")
    if "phone" in reason.lower() or "verif" in reason.lower():
        advice = f"Verify your phone number on {PHONE_PAGE}, then run this again."
    elif "session count" in reason.lower():
        advice = "Wait for the others, or cancel one on its page, then run this again."
    elif "quota" in reason.lower():
        advice = "Run this again when the week's quota is renewed, or train on CPUs: ON=kaggle-cpu."
    else:
        advice = "Settle that, then run this again."
    raise KernelRefusedError(f"Kaggle started no kernel: {reason}. {advice}")


def _find(client: KaggleClient, owner: str, slug: str, mark: str) -> Kernel | None:
    import requests
    from kagglesdk.kernels.types.kernels_api_service import ApiGetKernelRequest

    request = ApiGetKernelRequest()
    request.user_name, request.kernel_slug = owner, slug
    try:
        found = client.kernels.kernels_api_client.get_kernel(request)
    except requests.HTTPError as error:
        if error.response is not None and error.response.status_code in (403, 404):
            return None  # there is no such kernel yet
        raise
    if not (found.blob and found.metadata and mark in found.blob.source):
        return None
    return Kernel(owner, slug, found.metadata.current_version_number, _page(owner, slug))


def _page(owner: str, slug: str) -> str:
    return f"https://www.kaggle.com/code/{owner}/{slug}"
