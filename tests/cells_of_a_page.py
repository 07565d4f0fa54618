"""What stands below the cells of a page, read in any browser: what was stored there, and what a run has made."""

from __future__ import annotations

from typing import Any

# Each stream by itself, for a stored page has put its pieces together; of HTML the words, and of a crash lab that it is
# there and has been shown.
READ = """inPlace.page.cells.map(({ id, role, state, root }) => {
  const read = (all) => {
    const told = { stream: "", stderr: "", rest: [] };
    for (const each of all) {
      const lab = each.querySelector("[data-crash-lab]");
      const words = each.cloneNode(true);
      words.querySelectorAll("script, style, button").forEach((part) => part.remove());
      const drawn = lab && "lab " + Boolean(lab.shadowRoot.querySelector(".lab")) + lab.ariaLabel;
      const text = drawn ?? words.textContent.replace(/\\s+/g, " ").trim();
      if (each.matches(".stderr")) told.stderr += text;
      else if (each.matches(".stream")) told.stream += text + " ";
      else told.rest.push(text);
    }
    return { ...told, stream: told.stream.replace(/\\s+/g, " ").trim() };
  };
  const outputs = [...root.querySelectorAll(".cell_output .output")];
  return { id, role, state, made: read(outputs.filter((each) => each.closest(".in-place-output"))),
    stored: read(outputs.filter((each) => !each.closest(".in-place-output"))) };
})"""
ROLES = ("cell", "setting", "given", "stub", "check", "solution")  # in the order of the page: all that a reader can run
NOTHING: dict[str, Any] = {"stream": "", "stderr": "", "rest": []}


def asking(*roles: str, backwards: bool = False) -> str:
    """Have all cells with these roles run, one after the other: an expression."""
    order = ".reverse()" if backwards else ""
    return (
        f"[...inPlace.page.cells]{order}.filter((cell) => {list(roles)}.includes(cell.role))"
        ".forEach((cell) => inPlace.page.run(cell))"
    )


IDLE = "inPlace.page?.link.state === 'ready' && !inPlace.page.link.queue.length"


def assert_as_stored(cells: list[dict[str, Any]]) -> None:
    """Every cell of a chapter has given what is stored, and no check of an unwritten exercise is ok."""
    for one in cells:
        if one["role"] not in ("stub", "check") and one["stored"] != NOTHING:
            assert one["made"] == one["stored"], one["id"]
    compared = [one for one in cells if one["stored"] == one["made"] and any(one["made"].values())]
    assert len(compared) > 20
    checks = [one for one in cells if one["role"] == "check"]
    assert checks and all(one["state"] == "error" and "NotYet" in one["made"]["rest"][0] for one in checks)
    assert {one["state"] for one in cells if one["role"] not in ("check", "stub")} == {"ok"}
