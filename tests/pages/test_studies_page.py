"""The Studies page: from the form to the results, and who may see what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.upgrade import open_database
from bcos_core.study.crowd import Crowd
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.locked import LockedItem
from bcos_core.study.preview_job import PREVIEW
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.raters import Raters
from bcos_core.study.recruiting import PROLIFIC
from bcos_core.study.rehearsal_job import REHEARSE
from bcos_core.study.selection import Source
from bcos_core.study.simulate import simulate
from bcos_core.study.studies import Studies, StudyStatus
from bcos_core.study.synthetic import load_design, synthetic_study
from pages.studies.address import reach_of
from tests.pages.conftest import OpenPage, button, words
from tests.study.answering import answer_all
from tests.study.world import World, make_world


def _rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
    if item.expected:
        return {name: values[0] for name, values in item.expected.items()}
    return {"interpretability": 1 + rater % 5, "agreement": 3}


def test_without_a_model_there_is_a_way_on(home: Home, open_page: OpenPage) -> None:
    at = open_page("studies")
    assert not at.exception
    assert "needs a model" in words(at)


def test_a_draft_from_the_form(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = open_page("studies")
    assert "raters who finish fill it" in words(at)
    at = at.text_input(key="study-title-new").set_value("Do people *see* it?").run()
    at = button(at, "Save as a draft").click().run()
    assert not at.exception
    (study,) = Studies(open_database(home)).list()
    assert study.title == "Do people *see* it?" and study.status == StudyStatus.DRAFT
    design = StudyDesign.from_dict(study.design)
    assert design.protocol == "rating" and len(design.conditions) == 2
    assert "Do people *see* it?" in words(at)  # as text, not as markup
    assert button(at, "Lock")


def test_a_form_that_was_left_half_filled_is_still_there(home: Home, open_page: OpenPage) -> None:
    """Every kind of field of the form, after a visit to Jobs."""
    save_pair(home)
    at = open_page("studies")
    at = at.text_input(key="study-title-new").set_value("Half typed").run()
    at = at.button_group(key="study-protocol-new").set_value("paired").run()
    at = at.number_input(key="study-count-new").set_value(7).run()
    at = at.multiselect(key="study-strata-new").set_value(["length"]).run()
    at = at.slider(key="study-lengths-new").set_range(6, 30).run()
    at = at.text_area(key="study-consent-new").set_value("Agree?").run()
    at = at.switch_page("jobs/page.py").run()
    assert at.title[0].value == "Jobs"
    at = at.switch_page("studies/page.py").run()
    assert not at.exception
    assert at.text_input(key="study-title-new").value == "Half typed"
    assert at.button_group(key="study-protocol-new").value == "paired"
    assert at.number_input(key="study-count-new").value == 7
    assert at.multiselect(key="study-strata-new").value == ["length"]
    assert at.slider(key="study-lengths-new").value == (6, 30)
    assert at.text_area(key="study-consent-new").value == "Agree?"
    at = button(at, "Begin anew").click().run()
    assert at.text_input(key="study-title-new").value == "Which explanation helps?"
    assert at.number_input(key="study-count-new").value == 24


def test_what_is_typed_into_a_draft_is_still_there_and_gone_once_it_is_saved(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = button(open_page("studies"), "Make the demo study").click().run()
    (draft,) = Studies(open_database(home)).list()
    at = at.text_input(key=f"study-title-{draft.id}").set_value("Other").run()
    at = at.switch_page("jobs/page.py").run().switch_page("studies/page.py").run()
    assert at.text_input(key=f"study-title-{draft.id}").value == "Other"
    at = button(at, "Save the changes").click().run()
    assert Studies(open_database(home)).get(draft.id).title == "Other"
    assert at.text_input(key=f"study-title-{draft.id}").value == "Other"
    assert button(at, "Save the changes").disabled


def test_what_another_tab_saved_is_not_replaced_in_silence(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = button(open_page("studies"), "Make the demo study").click().run()
    store = Studies(open_database(home))
    (draft,) = store.list()
    at = at.text_input(key=f"study-title-{draft.id}").set_value("Mine").run()
    design = {**draft.design, "title": "Theirs"}
    theirs = store.edit(draft, "Theirs", design)
    at = button(at, "Save the changes").click().run()
    assert not at.exception and store.get(draft.id).title == "Theirs"
    assert "“Theirs” now" in at.warning[0].value
    assert at.text_input(key=f"study-title-{draft.id}").value == "Mine"
    at = button(at, "Take what is there now").click().run()
    assert at.text_input(key=f"study-title-{draft.id}").value == "Theirs" and not at.warning
    at = at.text_input(key=f"study-title-{draft.id}").set_value("Mine").run()
    store.edit(theirs, "Theirs again", {**design, "title": "Theirs again"})
    at = button(at.run(), "Replace it with mine").click().run()
    assert not at.exception and store.get(draft.id).title == "Mine" and not at.warning


def test_a_draft_that_nobody_changes_here_shows_what_another_tab_saved(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = button(open_page("studies"), "Make the demo study").click().run()
    store = Studies(open_database(home))
    (draft,) = store.list()
    store.edit(draft, "Theirs", {**draft.design, "title": "Theirs"})
    at = at.run()
    assert at.text_input(key=f"study-title-{draft.id}").value == "Theirs" and not at.warning


def test_a_study_that_appears_does_not_take_the_place_of_the_one_shown(home: Home, open_page: OpenPage) -> None:
    """As the copy of a rehearsal does, and another person's study."""
    world = make_world(home, opened=False)
    at = open_page("studies")
    assert at.header[0].value == "What readers see"
    database = open_database(home)
    simulate(home, database, world.locked, Crowd(2))
    Studies(database).create("Somebody else's", {})
    at = at.run()
    assert not at.exception and at.header[0].value == "What readers see"
    at = at.switch_page("jobs/page.py").run().switch_page("studies/page.py").run()
    assert at.header[0].value == "What readers see"


def test_two_studies_of_one_title_can_both_be_chosen(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = button(open_page("studies"), "Make the demo study").click().run()
    at = button(at, "Copy as a new draft").click().run()
    titles = at.selectbox(key="url-study").options
    assert len(set(titles)) == 2 and all(title.startswith("Demo") for title in titles)


def test_a_draft_is_looked_at_before_it_is_locked(home: Home, open_page: OpenPage) -> None:
    """The first of its own items, blinded; gone as soon as the draft is another."""
    save_pair(home, task={"kind": "embedded", "name": "short-reviews"})
    bcos, twin = (str(home.models / name) for name in ("tiny-bcos", "tiny-conventional"))
    design = StudyDesign(
        "Look",
        (Condition(bcos, "bcos"), Condition(twin, "saliency")),
        source=Source(count=9),
        items_per_rater=6,
        practice=1,
    )
    draft = Studies(open_database(home)).create(design.title, design.to_dict())
    at = button(open_page("studies"), "Preview").click().run()
    assert "Next in line" in words(at)
    (asked,) = JobStore.open(home).list()
    JobStore.open(home).cancel(asked.id)  # no supervisor runs here; its command does the same
    assert main(PREVIEW.command(PREVIEW.read(asked.spec))) == 0
    at = open_page("studies")
    assert not at.exception and design.instructions in words(at)
    # Six of nine items, a practice item and a check.
    assert at.number_input(key="preview-item").max == 8
    assert button(at, "Lock") and "Preview" not in [one.label for one in at.button]
    changed = replace(design, title="Look again", practice=0)
    Studies(open_database(home)).edit(draft, changed.title, changed.to_dict())
    assert button(open_page("studies"), "Preview")


def test_a_link_that_only_this_machine_can_open_says_so(home: Home, open_page: OpenPage) -> None:
    world = make_world(home)
    at = open_page("studies")
    assert "on this machine only" in words(at) and "app --raters" in words(at)
    at = at.text_input(key=f"raters-address-{world.study.id}").set_value("https://study.example.org/x/").run()
    at = button(at, "Make links").click().run()
    (links,) = [code.value for code in at.code]
    assert links.startswith("https://study.example.org/x/rate?invite=")


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("http://127.0.0.1:8501", "this machine"),
        ("http://localhost:8501", "this machine"),
        ("http://[::1]:8501", "this machine"),
        ("http://192.168.1.7:8501", "this network"),
        ("http://lab-server:8501", "this network"),
        ("http://lab.local", "this network"),
        ("https://study.example.org", "everywhere"),
        ("https://8.8.8.8", "everywhere"),
    ],
)
def test_from_where_an_address_can_be_opened(address: str, reach: str) -> None:
    assert reach_of(address) == reach


def test_a_panel_is_set_up_and_gets_its_link(home: Home, open_page: OpenPage) -> None:
    world = make_world(home)
    at = open_page("studies")
    at = at.text_input(key=f"completion-panel-{world.study.id}").set_value("CODE-1").run()
    at = button(at, "Save").click().run()
    assert not at.exception
    assert Studies(open_database(home)).recruiting(world.study.id) == replace(PROLIFIC, completion="CODE-1")
    at = button(at, "Make the panel’s link").click().run()
    (link,) = [code.value for code in at.code]
    assert link.endswith("&PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}")
    at = at.text_input(key=f"screen_out-panel-{world.study.id}").set_value("http://not.safe").run()
    assert "neither a code" in "".join(error.value for error in at.error).replace("\\", "")


def test_the_steps_say_where_a_study_stands(home: Home, open_page: OpenPage) -> None:
    world = make_world(home, opened=False)
    at = open_page("studies")
    assert "Step 2 of 5, locked" in words(at)
    assert button(at, "Rehearse").proto.type == "primary" and button(at, "Open for raters").proto.type == "secondary"
    at = button(at, "Open for raters").click().run()
    assert "Step 4 of 5, open" in words(at) and button(at, "Make links").proto.type == "primary"
    answer_all(home, world, 1, _rule)
    at = button(open_page("studies"), "Close it").click().run()
    assert "Step 5 of 5, closed" in words(at)


def test_what_does_not_fit_is_said_beside_the_form(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = open_page("studies")
    at = at.text_input(key="study-title-new").set_value("  ").run()
    assert "title" in words(at)
    assert button(at, "Save as a draft").disabled


def test_the_demo_is_one_click(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = button(open_page("studies"), "Make the demo study").click().run()
    assert not at.exception
    assert Studies(open_database(home)).list()[0].title.startswith("Demo")


def test_a_draft_can_be_changed_and_copied(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = button(open_page("studies"), "Make the demo study").click().run()
    studies = Studies(open_database(home))
    (draft,) = studies.list()
    assert button(at, "Save the changes").disabled  # nothing is changed yet
    at = at.text_input(key=f"study-title-{draft.id}").set_value("Another title").run()
    at = at.number_input(key=f"study-questions-rating-{draft.id}").set_value(3).run()
    at = at.text_input(key=f"study-contains-{draft.id}").set_value("film").run()
    at = button(at, "Save the changes").click().run()
    assert not at.exception
    (changed,) = studies.list()
    design = StudyDesign.from_dict(changed.design)
    assert changed.id == draft.id and changed.title == design.title == "Another title"
    assert [question.name for question in design.questions] == ["interpretability", "agreement", "clarity_3"]
    assert design.source.contains == "film" and "with “film” in them" in words(at)
    at = button(at, "Copy as a new draft").click().run()
    assert not at.exception
    assert [StudyDesign.from_dict(study.design) for study in studies.list()] == [design, design]


def test_the_wording_of_another_protocol_is_not_kept(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = button(open_page("studies"), "Make the demo study").click().run()
    (draft,) = Studies(open_database(home)).list()
    at = at.button_group(key=f"study-protocol-{draft.id}").set_value("paired").run()
    at = button(at, "Save the changes").click().run()
    assert not at.exception
    (changed,) = Studies(open_database(home)).list()
    assert StudyDesign.from_dict(changed.design).questions == PROTOCOLS["paired"].questions


def test_locking_is_a_job(home: Home, open_page: OpenPage) -> None:
    bcos, twin = (str(path) for path in save_pair(home))
    design = StudyDesign("Lock me", (Condition(bcos, "bcos"), Condition(twin, "saliency")), source=Source(count=12))
    Studies(open_database(home)).create(design.title, design.to_dict())
    at = button(open_page("studies"), "Lock").click().run()
    assert not at.exception
    assert "Next in line" in words(at)


def test_a_draft_with_unsaved_changes_is_not_locked(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = button(open_page("studies"), "Make the demo study").click().run()
    (draft,) = Studies(open_database(home)).list()
    assert not button(at, "Lock").disabled
    at = at.text_input(key=f"study-title-{draft.id}").set_value("Not saved yet").run()
    assert button(at, "Lock").disabled and "changes that are not saved" in words(at)
    at = button(at, "Save the changes").click().run()
    at = button(at, "Lock").click().run()
    assert not at.exception and "Next in line" in words(at)
    assert not [one for one in at.button if one.label == "Save the changes"]  # it is being locked


def test_an_open_study_shows_progress_and_no_answers(home: Home, open_page: OpenPage) -> None:
    world = make_world(home)
    answer_all(home, world, 1, _rule)
    at = open_page("studies")
    assert not at.exception
    metrics = {metric.label: metric.value for metric in at.metric}
    assert metrics["Raters"] == metrics["Finished"] == "1"
    assert metrics["Answers of those wanted"] == "2 of 24"
    assert "Means per condition" not in words(at)


def test_links_are_shown_once(home: Home, open_page: OpenPage) -> None:
    make_world(home)
    at = open_page("studies")
    at = button(at, "Make links").click().run()
    (links,) = [code.value for code in at.code]
    assert "/rate?invite=" in links
    token = links.split("invite=")[1]
    assert token not in str(at.run())
    assert token not in str(Studies(open_database(home)).list())


def test_a_study_is_paused_and_goes_on(home: Home, open_page: OpenPage) -> None:
    world = make_world(home)
    at = button(open_page("studies"), "Pause").click().run()
    assert not at.exception
    assert Studies(open_database(home)).get(world.study.id).status == StudyStatus.PAUSED
    rate = open_page("rate", invite=world.token)
    assert "is paused" in words(rate) and not rate.checkbox
    at = button(at, "Go on").click().run()
    assert not at.exception
    assert Studies(open_database(home)).get(world.study.id).status == StudyStatus.OPEN
    assert open_page("rate", invite=world.token).checkbox


def test_an_extended_study_has_places_for_more_raters(home: Home, open_page: OpenPage) -> None:
    world = make_world(home, source=Source(count=2), items_per_rater=2, raters_per_item=1)
    answer_all(home, world, 1, _rule)
    at = open_page("studies")
    assert {metric.label: metric.value for metric in at.metric}["Answers of those wanted"] == "2 of 2"
    at = at.number_input(key=f"extend-{world.study.id}-1").set_value(3).run()
    at = button(at, "Extend it").click().run()
    assert not at.exception
    assert {metric.label: metric.value for metric in at.metric}["Answers of those wanted"] == "2 of 6"
    at = button(at, "Close it").click().run()
    assert any("this was raised to 3" in code.value for code in at.code)


def test_closing_unblinds(home: Home, open_page: OpenPage) -> None:
    world = make_world(home, source=Source(count=6), items_per_rater=6)
    answer_all(home, world, 6, _rule)
    at = button(open_page("studies"), "Close it").click().run()
    assert not at.exception
    assert Studies(open_database(home)).get(world.study.id).status == StudyStatus.CLOSED
    said = words(at)
    for question in world.locked.design.questions:
        assert question.prompt in said
    assert any("In a rating study, 6 raters" in code.value for code in at.code)


def test_results_of_two_raters_give_no_p(home: Home, open_page: OpenPage) -> None:
    world = make_world(home, source=Source(count=6), items_per_rater=6)
    answer_all(home, world, 2, _rule)
    Studies(open_database(home)).close(world.study.id)
    at = open_page("studies")
    assert not at.exception
    assert "Not defined" in words(at) or any("needs at least 6" in str(frame.value) for frame in at.dataframe)


def test_a_study_outlives_its_models(home: Home, open_page: OpenPage) -> None:
    import shutil

    world = make_world(home, source=Source(count=6), items_per_rater=6)
    answer_all(home, world, 6, _rule)
    shutil.rmtree(home.models / "tiny-bcos")
    shutil.rmtree(home.models / "tiny-conventional")
    at = button(open_page("studies"), "Close it").click().run()
    assert not at.exception
    assert world.locked.design.questions[0].prompt in words(at)


def badges(at: AppTest) -> str:
    return "\n".join(str(element.value) for element in at.markdown if "badge" in str(element.value))


def test_a_load_test_has_results_that_say_they_are_simulated(home: Home, open_page: OpenPage) -> None:
    locked = synthetic_study(load_design(8, 6))
    result = simulate(home, open_database(home), locked, Crowd(8, preference=2.0))
    at = open_page("studies")
    assert not at.exception
    assert "Simulated raters" in badges(at)
    (warning,) = [one.value.replace("\\", "") for one in at.warning if "simulated" in one.value]
    assert "Nobody has said any of this" in warning and "Preference 2: points by which" in warning
    for question in locked.design.questions:
        assert question.prompt in words(at)
    assert any(code.value.startswith("SIMULATED RATERS, NOT PEOPLE. In a rating study, 8 raters") for code in at.code)
    assert result.title in words(at)
    assert "Copy as a new draft" not in [one.label for one in at.button]  # a copy would be taken for a real study


def test_a_rehearsal_from_the_button_to_its_results(home: Home, open_page: OpenPage) -> None:
    world = make_world(home, opened=False, source=Source(count=6), items_per_rater=6)
    at = open_page("studies")
    assert "answer a copy of the study, marked as simulated" in words(at)
    at = at.number_input(key=f"preference-{world.study.id}").set_value(-1.5).run()
    at = button(at, "Rehearse").click().run()
    assert not at.exception and "Next in line" in words(at)
    store = JobStore.open(home)
    (asked,) = store.list()
    assert asked.title == "Rehearse a study · What readers see"
    store.cancel(asked.id)  # no supervisor runs here; its command does the same
    assert main(REHEARSE.command(REHEARSE.read(asked.spec))) == 0

    at = open_page("studies", study=world.study.id)
    assert "The last rehearsal: Preference −1.5" in words(at)
    at = button(at, "Open the rehearsal").click().run()
    assert not at.exception
    assert "Simulated: What readers see" in words(at) and "Simulated raters" in badges(at)
    assert any(code.value.startswith("SIMULATED RATERS, NOT PEOPLE.") for code in at.code)
    assert Raters(open_database(home)).of(world.study.id) == []
    at = open_page("studies", study=world.study.id)
    assert "Simulated raters" not in badges(at) and button(at, "Open for raters")

    at = button(open_page("jobs"), "Open the results").click().run()
    assert at.title[0].value == "Studies" and "Simulated: What readers see" in words(at)


def test_raters_have_no_dashboard(home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCOS_RATERS_ONLY", "1")
    world: World = make_world(home)
    at = open_page("home")
    assert "Open the link of your invitation" in words(at)
    assert world.locked.design.title not in words(at)
    assert not at.button


def test_only_a_server_for_raters_listens_on_a_network(home: Home) -> None:
    from bcos_core.cli.main import build_parser

    arguments = build_parser(["app"]).parse_args(["app", "--address", "0.0.0.0"])
    with pytest.raises(InputError, match="no sign-in"):
        arguments.run(arguments)
