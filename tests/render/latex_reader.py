"""A strict reader of the LaTeX that is written here: it refuses whatever TeX would stop at, as far as that can be told
without TeX. Every command must be known, with the package that it comes from loaded in the preamble."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LATEX = "LaTeX itself"
_PACKAGES = {
    LATEX: r"""begin end newline leavevmode textbf footnotesize tiny par noindent setlength fboxsep linewidth strut
        raggedright caption centering textsuperscript dots textbackslash textasciicircum textasciitilde textbar textless
        textgreater textendash textemdash textquotedblleft textquotedblright textquoteleft textquoteright
        textperiodcentered times pm rightarrow infty geq leq tau Vert""",
    "fontenc": "textquotedbl",
    "textcomp": "textquotesingle textasciigrave",
    "array": "arraybackslash",
    "booktabs": "toprule midrule bottomrule",
    "xcolor": "color colorbox",
    "ulem": "sout dotuline",
}
COMMANDS = {command: package for package, commands in _PACKAGES.items() for command in commands.split()}
ENVIRONMENTS = {"table": LATEX, "tabular": LATEX, "tabularx": "tabularx"}
COLOURS = {"gray"}  # of those that xcolor defines
_IN_MATH = {"times", "pm", "rightarrow", "infty", "geq", "leq", "tau", "Vert"}
_SYMBOLS = set("{}$&#%_,\\")  # behind a backslash
_TOKEN = re.compile(r"\\([A-Za-z]+)|\\(.)|(%[^\n]*\n?)|(.)", re.DOTALL)


class NotLatex(Exception):
    """What TeX would stop at, or set otherwise than it was meant."""


@dataclass
class Read:
    """What was read: the text between the commands, and each row's number of cells by table."""

    packages: set[str]
    text: str = ""
    rows: list[list[int]] = field(default_factory=list)


def packages_of(source: str) -> set[str]:
    """Those that the comments say to load."""
    named = re.findall(r"\\usepackage(?:\[[^\]]*\])?\{([^}]*)\}", "\n".join(re.findall(r"^%.*", source, re.MULTILINE)))
    return {LATEX, *(package for group in named for package in group.split(","))}


def read(source: str) -> Read:
    """Read a whole snippet.

    Raises:
        NotLatex: it is not right.
    """
    found = Read(packages_of(source))
    open_groups: list[str] = []  # "{", "$" or an environment's name
    place = 0

    def argument(at: int) -> tuple[str, int]:
        """The braces that follow, as they are, and where they end."""
        if source[at : at + 1] != "{":
            raise NotLatex(f"an argument is missing at {source[at - 20 : at + 10]!r}")
        depth = 0
        for end in range(at, len(source)):
            if source[end] in "{}" and source[end - 1] != "\\":
                depth += 1 if source[end] == "{" else -1
            if depth == 0:
                return source[at + 1 : end], end + 1
        raise NotLatex("an argument does not end")

    def need(package: str, what: str) -> None:
        if package not in found.packages:
            raise NotLatex(f"{what} is of {package}, which the preamble does not load")

    while place < len(source):
        match = _TOKEN.match(source, place)
        assert match is not None
        command, symbol, comment, letter = match.groups()
        place = match.end()
        if comment:
            if comment != "%\n" and source[match.start() - 1 : match.start()] not in ("", "\n"):
                raise NotLatex("a comment within a line takes the rest of it away")
            continue
        if symbol is not None:
            if symbol not in _SYMBOLS:
                raise NotLatex(f"\\{symbol} is not known")
            if symbol == "\\":
                if not any(name in ENVIRONMENTS and name != "table" for name in open_groups[-1:]):
                    raise NotLatex("a row ends within a group, or outside of a table")
                found.rows[-1].append(1)
            elif symbol != ",":
                found.text += symbol
        elif command == "begin":
            name, place = argument(place)
            if name not in ENVIRONMENTS:
                raise NotLatex(f"the environment {name} is not known")
            need(ENVIRONMENTS[name], name)
            if name == "tabularx":
                width, place = argument(place)
                if width != "\\linewidth":
                    raise NotLatex(f"a table of the width {width}")
            if name != "table":
                columns, place = argument(place)
                if r"\arraybackslash" in columns:
                    need("array", ">{…}")
                found.rows.append([1])
            open_groups.append(name)
        elif command == "end":
            name, place = argument(place)
            if not open_groups or open_groups.pop() != name:
                raise NotLatex(f"{name} ends where it is not open")
            if name != "table":
                found.rows[-1].pop()  # behind the last row there is none
        elif command is not None:
            if command not in COMMANDS:
                raise NotLatex(f"\\{command} is not known")
            need(COMMANDS[command], f"\\{command}")
            if (command in _IN_MATH) != ("$" in open_groups):
                raise NotLatex(f"\\{command} in the wrong mode")
            if command == "colorbox":
                if source[place : place + 6] != "[HTML]":
                    raise NotLatex("a colour without its model")
                colour, place = argument(place + 6)
                if not re.fullmatch("[0-9A-F]{6}", colour):
                    raise NotLatex(f"the colour {colour}")
            if command == "color":
                colour, place = argument(place)
                if colour not in COLOURS:
                    raise NotLatex(f"the colour {colour} is not defined")
            if command == "setlength":
                _, place = argument(place)
                _, place = argument(place)
            if command.startswith("text") and source[place : place + 1] not in ("{", " ", "\\"):
                raise NotLatex(f"\\{command} swallows what follows it")
        elif letter == "{":
            open_groups.append("{")
        elif letter == "}":
            if not open_groups or open_groups.pop() != "{":
                raise NotLatex("a brace too many")
        elif letter == "$":
            if open_groups and open_groups[-1] == "$":
                open_groups.pop()
            else:
                open_groups.append("$")
        elif letter == "&":
            if not open_groups or open_groups[-1] not in ("tabular", "tabularx"):
                raise NotLatex("a cell outside of a table")
            found.rows[-1][-1] += 1
        elif letter in "#_^~\\":
            raise NotLatex(f"a bare {letter}")
        elif letter in "*[]" and source[match.start() - 1] + source[place : place + 1] != "{}":
            raise NotLatex(f"{letter} may be taken for an option")
        elif letter in "-," and source[place : place + 1] == letter:
            raise NotLatex(f"{letter}{letter} is set as one sign")
        elif letter in "\"'`<>|" or (not letter.isprintable() and letter not in "\n\u200c\u200d"):
            raise NotLatex(f"{letter!r} is set otherwise than it is")
        else:
            found.text += letter
    if open_groups:
        raise NotLatex(f"not ended: {', '.join(open_groups)}")
    for table in found.rows:
        if len(set(table)) > 1:
            raise NotLatex(f"rows of {table} cells")
    return found
