"""What is written down about the package equals what is in its folders."""

import ast
import importlib
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PARTS = ("envs", "agents", "assets")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]
RUNTIME = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
DEV = [Requirement(line) for line in PYPROJECT["project"]["optional-dependencies"]["dev"]]


def constraints() -> dict[str, Version]:
    """Pinned version of every distribution in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pins}


def imported_modules(path: Path) -> set[str]:
    """First component of every absolute import in a Python file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def python_files(*folders: str) -> list[Path]:
    """Every Python file under the folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def test_the_wheel_lists_every_folder_with_python_files():
    folders = {path.parent.relative_to(ROOT) for path in python_files(*PARTS)}
    expected = {".".join(("conceptgym", *folder.parts)) for folder in folders}
    assert set(SETUPTOOLS["packages"]) == expected
    assert len(SETUPTOOLS["packages"]) == len(expected)


def test_every_package_has_an_init_file():
    folders = {path.parent for path in python_files(*PARTS)}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_conceptgym_is_a_namespace():
    conceptgym = importlib.import_module("conceptgym")
    assert getattr(conceptgym, "__file__", None) is None


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_mapped_typed_and_linked(part: str):
    assert SETUPTOOLS["package-dir"][f"conceptgym.{part}"] == part
    assert "py.typed" in SETUPTOOLS["package-data"][f"conceptgym.{part}"]
    assert (ROOT / part / "py.typed").is_file()
    assert (ROOT / ".types" / "conceptgym" / part).resolve() == ROOT / part


@pytest.mark.parametrize("part", PARTS)
def test_every_public_name_resolves_once(part: str):
    module = importlib.import_module(f"conceptgym.{part}")
    names = module.__all__
    assert names, f"conceptgym.{part} exports nothing"
    assert [name for name in names if not hasattr(module, name)] == []
    assert len(names) == len(set(names))


def test_the_wheel_carries_every_asset():
    patterns = [p.removeprefix("**/") for p in SETUPTOOLS["package-data"]["conceptgym.assets"]]
    ignored = {".py", ".pyc"}
    files = [path for path in (ROOT / "assets").rglob("*") if path.is_file()]
    names = [path.relative_to(ROOT).as_posix() for path in files if path.suffix not in ignored]
    left_out = [n for n in names if not any(PurePosixPath(n).match(p) for p in patterns)]
    assert left_out == []


def test_no_file_imports_a_part_by_its_folder():
    """`import envs` would be a second copy of `conceptgym.envs`."""
    files = python_files(*PARTS, "scripts", "tests")
    offenders = [path.name for path in files if imported_modules(path) & set(PARTS)]
    assert offenders == []


@pytest.mark.parametrize(
    ("folders", "requirements"),
    [((*PARTS, "scripts"), RUNTIME), (("tests",), RUNTIME + DEV)],
    ids=["runtime", "tests"],
)
def test_every_import_is_a_declared_dependency(folders, requirements):
    declared = {canonicalize_name(requirement.name) for requirement in requirements}
    providers = packages_distributions()
    own = {"conceptgym", *(path.stem for path in python_files("scripts", "tests"))}
    modules = set().union(*(imported_modules(path) for path in python_files(*folders)))
    undeclared = {
        module: providers.get(module)
        for module in modules - own - set(sys.stdlib_module_names)
        if not declared & {canonicalize_name(name) for name in providers.get(module, [])}
    }
    assert undeclared == {}


@pytest.mark.parametrize("requirement", RUNTIME + DEV, ids=lambda r: r.name)
def test_constraints_pin_each_dependency_inside_its_range(requirement: Requirement):
    assert any(clause.operator == ">=" for clause in requirement.specifier)
    assert constraints()[canonicalize_name(requirement.name)] in requirement.specifier


def test_makefile_runs_scripts_that_exist():
    scripts = re.findall(r"scripts/\w+\.py", (ROOT / "Makefile").read_text())
    assert scripts
    assert [script for script in scripts if not (ROOT / script).is_file()] == []
