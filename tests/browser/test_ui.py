"""The page at /_testkit/ui, in a real browser, on a clock that only the stories move."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from stage import Doorway, Served

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

EVIL = "<img src=x onerror='window.harmed = true'><script>window.harmed = true</script>"


def card(ui: Page, number: int = 1) -> Locator:
    return ui.get_by_role("article", name=f"Stream {number}", exact=True)


def lease(ui: Page, number: int = 1) -> Locator:
    return ui.get_by_role("progressbar", name=f"Lease of stream {number}")


def journal(ui: Page) -> Locator:
    return ui.locator("#journal-list")


def test_without_streams_it_says_how_to_make_one(ui: Page, served: Served) -> None:
    expect(ui.locator("#streams-list")).to_contain_text(f"export OVERSHOOT_API_URL={served.url}")
    expect(ui.locator("#api-url")).to_have_text(served.url)
    expect(ui.locator("#clock-mode")).to_have_text("stepped")


def test_a_stream_appears_and_its_lease_drains_until_it_lapses(ui: Page, served: Served) -> None:
    served.create()

    expect(card(ui)).to_contain_text("active")
    expect(card(ui)).to_contain_text("Is the door open?")
    expect(lease(ui)).to_have_attribute("aria-valuenow", "45.0")
    expect(card(ui)).to_have_attribute("data-lease", "fine")

    ui.get_by_role("button", name="+10 s").click()
    expect(lease(ui)).to_have_attribute("aria-valuenow", "35.0")
    ui.get_by_label("Seconds to advance").fill("16.5")
    ui.get_by_role("button", name="Advance").click()
    expect(card(ui)).to_have_attribute("data-lease", "low")
    expect(ui.locator("#clock-now")).to_have_text("0:26.500")
    ui.get_by_role("button", name="+10 s").click()
    expect(card(ui)).to_have_attribute("data-lease", "ending")

    ui.get_by_role("button", name="+45 s").click()
    expect(card(ui)).to_contain_text("lease_expired")
    expect(lease(ui)).to_be_hidden()
    expect(journal(ui)).to_contain_text("stream: active → ended (lease_expired)")


def test_a_keepalive_fills_the_lease_and_shows_its_charge(ui: Page, served: Served) -> None:
    stream = served.create()
    served.advance(20)
    expect(lease(ui)).to_have_attribute("aria-valuenow", "25.0")

    served.keepalive(stream)

    expect(lease(ui)).to_have_attribute("aria-valuenow", "45.0")
    expect(journal(ui)).to_contain_text("charged 1 cents for 20 s (keepalive)")
    expect(ui.get_by_role("article", name="key 1")).to_contain_text("charged 1 ¢")


def test_a_fault_at_a_click_fires_on_the_wire(ui: Page, served: Served) -> None:
    stream = served.create()
    fault = ui.locator("#faults-list [data-fault='503']")

    ui.get_by_role("group", name="Next keepalive").get_by_role("button", name="503").click()
    expect(fault).to_contain_text("armed")

    assert [503, 200] == [served.keepalive(stream), served.keepalive(stream)]
    expect(fault).to_contain_text("fired 1×")
    expect(journal(ui)).to_contain_text("fault 503: Answer(status=503)")


def test_a_lasting_fault_is_a_switch(ui: Page, served: Served) -> None:
    stream = served.create()
    switch = ui.get_by_role("button", name="Keepalives fail")

    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert 503 == served.keepalive(stream)
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")

    assert 200 == served.keepalive(stream)


def test_every_preset_is_accepted(ui: Page, served: Served) -> None:
    served.create()
    presets = ui.locator("#faults-presets button")
    expected = presets.count()

    for number in range(expected):
        presets.nth(number).click()
        expect(ui.locator("#faults-list > li")).to_have_count(number + 1)

    assert 20 == expected
    expect(ui.locator("#says p")).to_have_count(0)
    ui.get_by_role("button", name="Remove all").click()
    expect(ui.locator("#faults-list > li")).to_have_count(0)


def test_a_fault_for_one_stream_spares_the_others(ui: Page, served: Served) -> None:
    spared, meant = served.create(), served.create()
    expect(card(ui, 2)).to_be_visible()

    ui.get_by_label("For").select_option("stream #2 only")
    ui.get_by_role("group", name="Next keepalive").get_by_role("button", name="402").click()
    expect(ui.locator("#faults-list [data-fault='402']")).to_be_visible()

    assert [200, 402] == [served.keepalive(spared), served.keepalive(meant)]


def test_the_form_offers_the_whole_vocabulary(ui: Page, served: Served) -> None:
    stream = served.create()
    vocabulary = served.ask("GET", "/faults/vocabulary")

    ui.get_by_text("Any other fault").click()
    form = ui.locator("#fault-form")
    assert (
        len(vocabulary["discriminator"]["mapping"]) == form.get_by_label("action").locator("option").count()
    )
    form.get_by_label("action").select_option("answer")
    form.get_by_label("status").fill("418")
    form.get_by_label("route").fill("keepalive")
    form.get_by_label("skip").fill("1")
    form.get_by_label("name").fill("teapot")
    form.get_by_role("button", name="Set fault").click()
    expect(ui.locator("#faults-list [data-fault='teapot']")).to_contain_text("armed")

    assert [200, 418] == [served.keepalive(stream), served.keepalive(stream)]


def test_what_the_fake_refuses_is_said(ui: Page) -> None:
    ui.get_by_text("Any other fault").click()
    form = ui.locator("#fault-form")
    form.get_by_label("action").select_option("answer")
    form.get_by_label("status").fill("999")
    form.get_by_role("button", name="Set fault").click()

    expect(ui.get_by_role("alert")).to_contain_text("999 is not an HTTP status")
    expect(ui.locator("#faults-list > li")).to_have_count(0)
    ui.complaints.expect("status of 422")


def test_credits_are_topped_up_and_keys_revoked(ui: Page, served: Served) -> None:
    stream = served.create()
    key = ui.get_by_role("article", name="key 1")
    before = served.ask("GET", "/keys")["keys"][0]["credits_cents"]

    key.get_by_label("Cents to add to key 1").fill("250")
    key.get_by_role("button", name="Top up").click()
    expect(key.locator(".credits")).to_have_text(f"{before + 250:,.0f} ¢")
    key.get_by_role("button", name="Revoke").click()
    expect(key).to_contain_text("revoked")

    assert 401 == served.keepalive(stream)
    key.get_by_role("button", name="Restore").click()
    expect(key.get_by_role("button", name="Revoke")).to_be_visible()
    assert 200 == served.keepalive(stream)


def test_streams_are_ended_and_lose_their_frames(ui: Page, served: Served) -> None:
    served.create()
    served.advance(1)

    card(ui).get_by_role("button", name="Stop frames").click()
    expect(card(ui).get_by_role("button", name="Stop frames")).to_be_visible()
    ui.get_by_role("button", name="+10 s").click()
    expect(card(ui)).to_contain_text("idle")
    card(ui).get_by_role("button", name="Start frames").click()
    expect(card(ui)).to_contain_text("active")
    card(ui).get_by_label("End stream 1").select_option("livekit_disconnected")

    expect(card(ui).locator(".badge")).to_have_text("livekit_disconnected")
    assert ["livekit_disconnected"] == [
        each["ended_reason"] for each in served.ask("GET", "/streams")["streams"]
    ]


def test_reset_empties_everything(ui: Page, served: Served) -> None:
    served.create()
    served.advance(5)
    expect(card(ui)).to_be_visible()

    ui.get_by_role("button", name="Reset", exact=True).click()

    expect(card(ui)).to_have_count(0)
    expect(journal(ui).locator("li")).to_have_count(0)
    expect(ui.locator("#clock-now")).to_have_text("0:00.000")
    served.create()
    expect(card(ui)).to_be_visible()
    expect(journal(ui)).to_contain_text("→ POST /v0.2/streams")


def test_a_snapshot_brings_a_stream_back(ui: Page, served: Served) -> None:
    served.create()
    expect(card(ui)).to_contain_text("active")
    ui.get_by_role("button", name="Snapshot").click()
    choice = ui.get_by_label("Restore a snapshot")
    expect(choice).to_be_visible()
    ui.get_by_role("button", name="+45 s").click()
    expect(card(ui)).to_contain_text("lease_expired")

    choice.select_option(index=choice.locator("option").count() - 1)

    expect(card(ui)).to_contain_text("active")


def test_the_journal_is_filtered_searched_paused_and_opened(ui: Page, served: Served) -> None:
    stream = served.create()
    served.keepalive(stream)
    rows = journal(ui).locator("li")
    expect(journal(ui)).to_contain_text("← 200 keepalive")

    ui.get_by_role("button", name="State").click()
    expect(journal(ui)).not_to_contain_text("lease runs to")
    ui.get_by_label("Route", exact=True).select_option("keepalive")
    expect(rows).to_have_count(2)
    ui.get_by_label("Search the journal").fill("POST")
    expect(rows).to_have_count(1)
    ui.get_by_label("Search the journal").fill("")

    ui.get_by_role("button", name="Pause").click()
    served.keepalive(stream)
    expect(ui.locator("#journal-count")).to_contain_text("waiting")
    expect(rows).to_have_count(2)
    ui.get_by_role("button", name="Go on").click()
    expect(rows).to_have_count(4)

    rows.first.locator("summary").focus()
    ui.keyboard.press("Enter")
    detail = rows.first.get_by_label("The event as JSON")
    expect(detail).to_contain_text("Response")
    shown = json.loads(detail.inner_text())
    assert ("Response", 200, stream) == (shown["event"], shown["status"], shown["stream_id"])


def test_the_journal_is_downloaded(ui: Page, served: Served, tmp_path: Path) -> None:
    served.create()

    with ui.expect_download() as started:
        ui.get_by_role("button", name="JSONL").click()
    started.value.save_as(tmp_path / "journal.jsonl")
    with ui.expect_download() as started:
        ui.get_by_role("link", name="HAR").click()
    started.value.save_as(tmp_path / "journal.har")

    lines = (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert "Request" == json.loads(lines[0])["event"]
    entries = json.loads((tmp_path / "journal.har").read_text(encoding="utf-8"))["log"]["entries"]
    assert [201] == [each["response"]["status"] for each in entries]


def test_it_finds_back_after_its_connection_was_cut(page: Page, served: Served) -> None:
    page.complaints.expect("net::ERR_")
    with Doorway(served.admin_url) as doorway:
        page.goto(f"{doorway.origin}/_testkit/ui")
        served.create("before")
        expect(card(page)).to_contain_text("before")

        doorway.cut()
        served.create("after")

        expect(card(page, 2)).to_contain_text("after")
        expect(journal(page).get_by_text("← 201 create")).to_have_count(2)
        expect(page.locator("#live")).to_have_text("live")
        page.goto("about:blank")


def test_it_finds_back_after_a_proxy_said_502(page: Page, served: Served) -> None:
    page.complaints.expect("net::ERR_")
    page.complaints.expect("status of 502")
    with Doorway(served.admin_url) as doorway:
        page.goto(f"{doorway.origin}/_testkit/ui")
        served.create("before")
        expect(card(page)).to_contain_text("before")

        doorway.shut = True
        doorway.cut()
        expect(page.locator("#live")).to_contain_text("reconnecting")
        with page.expect_response(lambda answer: "follow" in answer.url and answer.status == 502):
            served.create("after")
        doorway.shut = False

        expect(journal(page).get_by_text("← 201 create")).to_have_count(2)
        page.goto("about:blank")


def test_data_is_never_markup(ui: Page, served: Served) -> None:
    served.create(EVIL)
    served.api.get(f"/{EVIL}")
    served.ask(
        "POST", "/faults", {"action": "answer", "status": 503, "name": EVIL, "on": {"route": "models"}}
    )
    served.api.get("/models")

    expect(card(ui)).to_contain_text(EVIL)
    expect(ui.locator("#faults-list")).to_contain_text(EVIL)
    expect(journal(ui)).to_contain_text(f"fault {EVIL}")
    ui.locator("#journal-list summary", has_text="POST").click()
    expect(journal(ui).locator("pre:visible")).to_contain_text("onerror")
    assert 0 == ui.locator("main img, main script").count()
    assert ui.evaluate("window.harmed") is None


def test_keys_and_tokens_are_not_shown(ui: Page, served: Served) -> None:
    answer = served.api.post(
        "/streams",
        json={
            "processing": {"interval_seconds": 2.0},
            "inference": {"prompt": f"my key is {served.key}", "model": "Qwen/Qwen3.5-9B"},
        },
    )
    expect(card(ui)).to_contain_text("my key is")
    for row in journal(ui).locator("summary").all():
        row.click()

    shown = ui.content()
    assert served.key not in shown
    assert answer.json()["livekit"]["token"] not in shown


def test_a_phone_needs_no_sideways_scrolling(ui: Page, served: Served) -> None:
    served.create("A long prompt that goes on and on " * 8)
    expect(card(ui)).to_be_visible()

    ui.set_viewport_size({"width": 390, "height": 844})

    assert 390 == ui.evaluate("document.documentElement.scrollWidth")
