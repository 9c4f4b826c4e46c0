"""What is taken away is what was on the screen: in every kind of file, against a sheet written by hand."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from figure_files import has_pixels, pdf_fonts, pdf_texts, svg_elements, svg_fonts, svg_texts
from records import FAILED, RECORD, SEEDED, of_one_token, record
from sheets import AGAINST, CHANGE, OTHER, PALETTE, SCALE, SHEET, SUPPORTS, WHY

from bcos_core.attribution.record import Attribution, Target, Token
from bcos_core.errors import InputError
from bcos_core.render.drawing import Style
from bcos_core.render.figures.heatmap import heatmap_file
from bcos_core.render.formats import FORMATS, format_of
from bcos_core.render.latex import escaped as latex
from bcos_core.render.latex import sheet_latex
from bcos_core.render.markdown import sheet_markdown
from bcos_core.render.scale import own_scale
from bcos_core.render.sheet import Panel, Sheet, SheetRow, sheet_of

HOSTILE = "\\input{/etc/passwd} $x$ <script>alert(1)</script> 100% #1 & | `a` [link](http://x) __b__ ~~c~~ --"


class _Words(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(name: str, *sheets: Sheet) -> str:
    return FORMATS[name].file(list(sheets) or [SHEET]).decode("utf-8-sig")


def joined(text: str) -> str:
    """Without line ends: a figure breaks lines where it must."""
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", ["html", "latex", "markdown", "svg", "pdf"])
def test_a_document_shows_names_answers_reasons_notes_and_changes(name: str) -> None:
    data = FORMATS[name].file([SHEET])
    said = {
        "html": lambda: _Words(data.decode()).text,
        "svg": lambda: " ".join(svg_texts(data)),
        "pdf": lambda: pdf_texts(data)[0],
    }.get(name, lambda: data.decode())()
    shown = joined(said.replace("{-}", "-").replace("{,}", ","))
    for part in ("My B-cos model", "Its twin", "positive 0.62", WHY, "These heatmaps answer different questions."):
        assert part in shown
    assert shown.count("Predicted change: +1.75") == 3  # each heatmap's own
    assert shown.count("Real change: +1.50") == 2  # each model's, once
    assert shown.count("negative 0.38") == 2  # each model's answer, once
    assert not re.search(r"panel|screen|click|hover", shown.partition("</style>")[2] or shown)
    assert "folder" not in shown


def test_models_are_columns_and_methods_rows() -> None:
    lines = [line for line in read("markdown").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:4]]
    assert [cell.partition("<br>")[0] for cell in cells[0]] == ["", "My B-cos model", "Its twin"]
    assert [row[0] for row in cells[2:]] == ["B-cos contributions", "Occlusion"]
    assert cells[2][2] == WHY


def test_a_page_is_the_grid_with_one_head_a_model_and_one_legend() -> None:
    page = read("html")
    body = page.partition("<body>")[2]
    heads = re.findall(r'<th scope="col"><p class="name">([^<]*)</p>', body)
    rows = re.findall(r'<th scope="row"><p class="name">([^<]*)</p>', body)
    assert (heads, rows) == (["My B-cos model", "Its twin"], ["B-cos contributions", "Occlusion"])
    assert [row.count("<td data-model=") for row in body.split("<tr>")[2:]] == [2, 2]
    text = _Words(body).text
    assert text.count("supports positive") == text.count("speaks against positive") == text.count("One scale") == 1
    assert "supports positive +3.50" in text and "full colour" not in text  # the shared scale has its numbers there
    assert page.count("<h1>") == 1 and "<h2>" not in page
    assert FORMATS["html"].file([SHEET, SHEET]).decode().count("<h2>") == 2


def test_a_change_that_differs_by_method_stands_with_each() -> None:
    other = replace(CHANGE, actual_change=0.5, logit=0.8)
    rows = (SHEET.rows[0], SheetRow("Occlusion", (Panel(OTHER, SCALE, other), Panel(OTHER, SCALE, CHANGE))))
    for name in ("html", "markdown"):
        page = read(name, replace(SHEET, rows=rows))
        assert page.count("Real change: ") == 1  # of the second model, which has one
        assert "+1.75, real change: +1.50" in page and "+1.75, real change: +0.500" in page


def test_own_scales_have_their_number_beside_each_heatmap() -> None:
    two = (Panel(RECORD, own_scale([1.75])), Panel(OTHER, own_scale([0.5])))
    text = _Words(read("html", replace(SHEET, rows=(SheetRow("Occlusion", two),), struck=()))).text
    assert "full colour 1.75" in text and "full colour 0.500" in text
    assert text.count("Own scale: full colour is the heatmap’s largest absolute value.") == 1


@pytest.mark.parametrize("name", ["html", "latex", "markdown", "svg", "pdf"])
@pytest.mark.parametrize("presentation", ["background", "bars"])
def test_words_raise_and_lower_a_score(name: str, presentation: str) -> None:
    one = record(task_type="regression", labels=("stars",), logits=(0.3,), probabilities=(), target=Target(0, "stars"))
    sheet = sheet_of(one, style=Style(PALETTE, presentation=presentation))  # type: ignore[arg-type]
    data = FORMATS[name].file([sheet])
    said = {"svg": lambda: " ".join(svg_texts(data)), "pdf": lambda: pdf_texts(data)[0]}.get(name, data.decode)()
    assert "raises" in said and "lowers" in said
    assert "supports" not in said and "speaks against" not in said


def test_colours_are_those_of_the_sheets_palette_and_scale() -> None:
    for name in ("html", "latex", "svg"):
        found = read(name).lower()
        assert SUPPORTS.removeprefix("#") in found and AGAINST.removeprefix("#") in found


def test_struck_words_are_struck() -> None:
    assert "<s " in read("html") and read("html").count("</s>") == 3
    assert read("latex").count(r"\sout{\strut bad}") == 3
    # −1.75 of 3.5 is half of full colour: marked, as speaking against
    assert read("markdown").count("<del><i>bad</i></del>") == 3


def test_json_has_the_records_as_rerun_reads_them_and_what_was_seen_beside_them() -> None:
    data = json.loads(read("json"))
    assert [Attribution.from_dict(one) for one in data["records"]] == [panel.record for _, _, panel in SHEET.panels()]
    (screen,) = data["screens"]
    assert screen["models"] == ["My B-cos model", "Its twin"]
    assert screen["struck"] == [{"start": 4, "end": 7, "text": "bad"}]
    assert (screen["granularity"], screen["colours"], screen["explained"]) == ("word", "violet-yellow", "positive")
    assert [(one["method"], one["model"]) for one in screen["panels"]] == [
        ("B-cos contributions", "My B-cos model"),
        ("Occlusion", "My B-cos model"),
        ("Occlusion", "Its twin"),
    ]
    assert screen["panels"][0]["change"] == {
        "predicted": 1.75,
        "real": 1.5,
        "logit": 1.8,
        "probabilities": [0.1, 0.9],
    }
    assert screen["panels"][0]["scale"]["full_colour"] == 3.5


def test_csv_has_every_panel_with_its_names_and_changes() -> None:
    rows = list(csv.DictReader(io.StringIO(read("csv"))))
    panels = dict.fromkeys((row["method"], row["model"]) for row in rows)
    assert list(panels) == [
        ("B-cos contributions", "My B-cos model"),
        ("Occlusion", "My B-cos model"),
        ("Occlusion", "Its twin"),
    ]
    first = [row for row in rows if (row["method"], row["model"]) == next(iter(panels))]
    assert sum(float(row["score"]) for row in first) == pytest.approx(0.3)
    assert [row["text"] for row in first if row["struck"] == "True"] == ["bad"]
    assert {(row["predicted change"], row["real change"]) for row in rows} == {("1.75", "1.5")}


def test_bibtex_has_the_papers_of_the_methods_on_the_screen_once() -> None:
    assert re.findall(r"@\w+\{(\w+),", read("bibtex")) == [
        "boehle2022bcos",
        "wang2025bcoslm",
        "zeiler2014visualizing",
        "enguehard2023sequential",
    ]


def test_figures_are_vectors_with_text_in_fonts_that_they_carry() -> None:
    svg, pdf = heatmap_file([SHEET], "svg"), heatmap_file([SHEET], "pdf")
    assert {"Not", "bad.", "Occlusion"} <= set(svg_texts(svg))  # a word with its punctuation is one text
    assert "image" not in svg_elements(svg) and not has_pixels(pdf)
    letters = set().union(*svg_fonts(svg).values())
    assert set("".join(svg_texts(svg))) - {" "} <= letters
    fonts = pdf_fonts(pdf)
    assert fonts and all(fonts.values())


def test_a_sheet_of_each_text_is_a_page_of_a_pdf_and_too_many_for_a_picture() -> None:
    sheets = [sheet_of(RECORD), sheet_of(of_one_token("dull"))]
    first, second = pdf_texts(FORMATS["pdf"].file(sheets))
    assert "Not" in first and "dull" in second
    with pytest.raises(InputError, match="shows one text; 2 were given"):
        FORMATS["svg"].file(sheets)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("pdf", "png")])
def test_text_is_text_whatever_it_says(name: str) -> None:
    hostile = of_one_token(
        HOSTILE, labels=("negative", HOSTILE), target=Target(1, HOSTILE), model=HOSTILE, method="bcos"
    )
    page = read(name, replace(sheet_of(hostile), notes=(HOSTILE,)))
    if name in ("html", "svg"):
        assert "<script" not in page
    if name == "latex":
        body = page.partition(r"{\setlength")[2]
        assert "\\textbackslash{}input" in body and "\\input" not in body
        assert re.findall(r"(?<!\\)[%#$_^~]", re.sub(r"\$-\$|\{1pt\}%", "", body)) == []
    if name == "markdown":
        assert "<script" not in page and not re.search(r"(?<!\\)\]\(", page)
        assert not re.search(r"(?<!\\)`a`", page)


def test_a_pdf_says_what_hostile_text_says() -> None:
    (text,) = pdf_texts(FORMATS["pdf"].file([sheet_of(of_one_token(HOSTILE))]))
    assert re.sub(r"\s", "", HOSTILE) in re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "set_as"),
    [
        ("a_b & 5% of $3 #1 {x}", r"a\_b \& 5\% of \$3 \#1 \{x\}"),
        ("\\end{table}", r"\textbackslash{}end\{table\}"),
        ("-- '' << ,, [x] *", r"{-}{-} \textquotesingle{}\textquotesingle{} \textless{}\textless{} {,}{,} {[}x{]} {*}"),
        ("−2.4 × 10⁻⁷", r"$-$2.4 $\times$ 10\textsuperscript{$-$}\textsuperscript{7}"),
        ("soft\u00adhyphen, no\u200bwidth\ufeff", "softhyphen{,} nowidth"),
        ("two\n\nlines\x00\ud83d", "two lines\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_latex_sets_every_character_as_itself(text: str, set_as: str) -> None:
    assert latex(text) == set_as


def test_latex_is_balanced_and_ends_what_it_begins() -> None:
    page = sheet_latex(SHEET)
    body = re.sub(r"\\[{}\\]", "", page)
    depth = 0
    for character in body:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert re.findall(r"\\begin\{(\w+)\}", page) == re.findall(r"\\end\{(\w+)\}", page) == ["tabularx"]
    rows = page.partition("\\toprule")[2].partition("\\bottomrule")[0].split(" \\\\\n")[:-1]
    assert [row.count(" & ") for row in rows] == [2, 2, 2]


def test_a_text_that_begins_with_a_line_end_is_a_paragraph_in_latex() -> None:
    sheet = sheet_of(record(text="\nfine", tokens=(Token("fine", 1, 5),), scores=(1.0,)))
    assert r" & \leavevmode\newline \colorbox" in joined(sheet_latex(sheet))


def test_a_contrast_is_one_class_rather_than_another() -> None:
    sheet = sheet_of(record(target=Target(0, "negative", 1, "positive")))
    for name in ("html", "latex", "markdown", "json", "csv"):
        assert "negative rather than positive" in read(name, sheet)
    assert "negative rather than positive" in joined(" ".join(svg_texts(FORMATS["svg"].file([sheet]))))


def test_a_pair_has_its_headings() -> None:
    tokens = (Token("good", 0, 4), Token("bad", 5, 8))
    pair = record(text="good\x1fbad", tokens=tokens, scores=(1.0, -0.5), logit=1.5)
    assert {"First text", "Second text"} <= {text[:11].strip(" ·") for text in [*_headings(pair)]}
    page = read("markdown", sheet_of(pair))
    assert "First text: <b>good</b>" in page and "Second text: <i>bad</i>" in page
    assert "\x1f" not in read("latex", sheet_of(pair)) + page


def _headings(pair: Attribution) -> list[str]:
    shown = joined(" ".join(svg_texts(FORMATS["svg"].file([sheet_of(pair)]))))
    return re.findall(r"(?:First|Second) text", shown)


def test_marks_of_neighbours_do_not_run_into_each_other_in_markdown() -> None:
    page = read("markdown", sheet_of(record(scores=(0.0, 1.0, 1.0, -1.0, 1.0, 0.0)), granularity="token"))
    assert "<b>Not</b> <b>ba</b><i>d</i><b>.</b>" in page


def test_several_labels_show_each_probability() -> None:
    labels = ("calm", "glad", "sad")
    one = record(task_type="multi-label", labels=labels, logits=(0.0, 0.3, -1.0), probabilities=(0.5, 0.57, 0.27))
    assert "calm 0.50, glad 0.57, sad 0.27" in read("markdown", sheet_of(one))


def test_a_score_has_no_probability() -> None:
    one = record(task_type="regression", labels=("score",), logits=(0.3,), probabilities=(), target=Target(0, "score"))
    assert "Explained: the score of “score”." in read("markdown", sheet_of(one))


def test_seeds_leave_a_band_under_words_and_a_dotted_line() -> None:
    sheet = sheet_of(SEEDED)
    (text,) = pdf_texts(heatmap_file([sheet], "pdf"))
    said = "Shapley values: each word has its mean ± one standard deviation over 3 seeds of the method’s random draws."
    assert said in joined(text)
    assert said in sheet_markdown(sheet) and latex(said) in sheet_latex(sheet)
    assert "seeds" not in sheet_markdown(sheet_of(RECORD)) and "±" not in sheet_markdown(sheet_of(RECORD))
    assert r"\dotuline{\strut Not}" in sheet_latex(sheet) and r"\dotuline{\strut bad}" not in sheet_latex(sheet)
    assert "+0.500 ± 1.00" in sheet_markdown(sheet)
    bars = replace(sheet, style=replace(sheet.style, presentation="bars"))
    assert "Whisker of a bar: from one end of that" in joined(pdf_texts(heatmap_file([bars], "pdf"))[0])


def test_a_failed_record_says_so_and_shows_no_colour() -> None:
    for name in ("html", "latex", "markdown"):
        page = read(name, sheet_of(FAILED))
        assert "not finite numbers" in page and "colorbox" not in page and 'class="unit' not in page
    assert "not finite numbers" in joined(pdf_texts(FORMATS["pdf"].file([sheet_of(FAILED)]))[0])


def test_hebrew_stands_from_right_to_left_and_keeps_its_letters() -> None:
    words = ["שלום", "עולם", "טוב"]
    tokens = (Token(words[0], 0, 4), Token(words[1], 5, 9), Token(words[2], 10, 13))
    one = record(text=" ".join(words), tokens=tokens, scores=(1.0, 0.5, -1.0))
    svg = heatmap_file([sheet_of(one)], "svg").decode()
    lefts = [float(re.search(rf'x="([\d.]+)"[^>]*>{word}<', svg)[1]) for word in words]  # type: ignore[index]
    assert lefts == sorted(lefts, reverse=True)
    assert set("".join(words)) <= svg_fonts(svg.encode())["DejaVu Sans", "400"]


def test_letters_of_which_no_font_is_there_are_never_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bcos_core.render.figures.fonts._installed", lambda: ())
    chinese = sheet_of(of_one_token("好看"))
    with pytest.raises(InputError, match="No font on this machine has the characters 好 看, so that"):
        FORMATS["pdf"].file([chinese])
    with pytest.raises(InputError, match="No font on this machine has the character 好, so that .* that has it "):
        FORMATS["png"].file([sheet_of(of_one_token("好"))])
    assert "好看" in read("html", chinese) and "好看" in read("latex", chinese)


def test_a_sheet_needs_a_cell_for_each_model_and_a_panel() -> None:
    with pytest.raises(ValueError, match="A row needs a cell for each of 2 models"):
        Sheet(("a", "b"), (SheetRow("m", (Panel(RECORD, SCALE, CHANGE),)),), SHEET.style)
    with pytest.raises(ValueError, match="A sheet needs a panel"):
        Sheet(("a",), (SheetRow("m", ("none",)),), SHEET.style)


def test_a_files_ending_says_its_format() -> None:
    endings = {".html": "html", ".PDF": "pdf", ".tex": "latex", ".md": "markdown", ".bib": "bibtex", ".doc": None}
    assert {ending: format_of(ending) for ending in endings} == endings
