"""Code cells and crash labs of a page by touch, in Chromium as a phone."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from browser import A_LONG_TIME, PREFIX, browsing, serving
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.timeout(300),  # a browser on a busy machine; the waits below have limits of their own
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]
FIRST_RUN = 6_500_000  # bytes, where the host compresses; it was 9.0 million, and of 6.2 now Pyodide itself is 3.8
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_a_lab_goes_on_where_its_recording_ends_and_a_cell_is_run_by_touch(
    live_site: Path, chromium: str, tmp_path: Path
) -> None:
    with serving(live_site) as server, browsing(chromium, tmp_path / "profile", **PHONE) as phone:
        page = phone.page
        page.goto(f"{server.address}notebooks/01_core_philosophy.html")
        labs = page.locator(".cell [data-crash-lab]")
        expect(page.locator(".cell [data-crash-lab][data-asks]")).to_have_count(labs.count())
        shown = page.locator("[data-cell-id]:has(.in-place-pill:visible)").first
        name = shown.get_attribute("data-cell-id")
        shown.locator(".in-place-pill").tap()
        expect(page.locator(f'[data-cell-id="{name}"]')).to_have_attribute("data-in-place", "ok", timeout=A_LONG_TIME)
        asked = [live_site / path.removeprefix(PREFIX + "/") for path in server.sent if "/lite/" in path]
        sizes = {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in asked}
        assert 5_000_000 < sum(sizes.values()) < FIRST_RUN, sorted(sizes.items(), key=lambda each: -each[1])
        assert (phone.foreign, phone.errors, server.missing) == ([], [], [])
