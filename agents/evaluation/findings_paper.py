"""The six findings of Mordatch 2018 (arXiv 1811.02486), and how each is measured here."""

from __future__ import annotations

from ...envs.concepts import CONCEPTS
from .comparisons import ABLATIONS
from .findings import Bar, Claim, Finding, Group, Kind
from .methods import OURS
from .summary import FAMILIES

GLOSSARY = {
    OURS: "the shipped weights, at most 20 steps of descent",
    **{name: ABLATIONS[name] for name in ("separate_codes", "generate_alone")},
    "identify_alone": f"{ABLATIONS['identify_alone']}; generates by descent on the energy that "
    "identifies, until the scene is recognised",
    **{name: ABLATIONS[name] for name in ("no_relations", "no_pairs")},
    "ours-recognition": "the shipped weights, generating by descent on the energy that identifies",
    "chance": "valid answers at random",
    "ours-0-steps": "the shipped weights, no descent: the lowest of the starts",
    "ours-1-steps": "the shipped weights, one step of descent",
    **{f"ours-{n}-steps": f"the shipped weights, at most {n} steps of descent" for n in (5, 50)},
}
"""What the methods are."""
_SINGLE = {name: names for name, names in FAMILIES.items() if name not in ("pairs", "triples")}
_OURS = Bar(method=OURS)
_GENERATE, _IDENTIFY = "generate", "identify"


def _bars(*methods: str) -> tuple[Bar, ...]:
    return tuple(Bar(method=method) for method in methods)


def _families(task: str, bars: tuple[Bar, ...], *, arm: bool = False) -> tuple[Group, ...]:
    """A group a family at level 1, with `arm` of its concepts that the arm can do."""
    found = []
    for family, names in _SINGLE.items():
        kept = tuple(n for n in names if not arm or task in CONCEPTS[n].tasks_on_arm)
        if kept:
            title = f"{task}, {family}"
            found.append(Group(title=title, task=task, concepts=kept, bars=bars))
    return tuple(found)


def _fails(group: Group, bar: Bar) -> tuple[Claim, Claim]:
    """`bar` mostly fails where ours does better."""
    return (
        Claim(group=group.title, kind=Kind.BEATS, bar=_OURS, other=bar),
        Claim(group=group.title, kind=Kind.SELDOM, bar=bar),
    )


def _one_code() -> Finding:
    apart = Bar(method="separate_codes")
    make, find = "make", "find"
    groups = tuple(
        Group(title=title, task=task, concepts=("colour",), bars=(_OURS, apart))
        for title, task in ((make, _GENERATE), (find, _IDENTIFY))
    )
    claims = [Claim(group=way, kind=Kind.MOSTLY, bar=_OURS) for way in (make, find)]
    claims += [Claim(group=way, kind=Kind.KEEPS_UP, bar=_OURS, other=apart) for way in (make, find)]
    return Finding(
        number=1,
        title="One code makes and finds",
        claim="One code serves both making something red and finding red things.",
        sentence="From one w, inferred from demonstrations that paint, `ours` paints a new scene's "
        "entities in {make/ours} of cases and finds those of the colour in {find/ours}; with a "
        "code for each task (`separate_codes`), trained for the same time, it is "
        "{make/separate_codes} and {find/separate_codes}.",
        note="Besides its learned part w holds the demonstrated colour as it is, which "
        "`separate_codes` shares between the tasks as well.",
        groups=groups,
        claims=tuple(claims),
    )


def _together() -> Finding:
    generating, identifying = Bar(method="generate_alone"), Bar(method="identify_alone")
    pairs = {_GENERATE: generating, _IDENTIFY: identifying}
    whole = [
        Group(title=f"{task}, all", task=task, bars=(_OURS, bar)) for task, bar in pairs.items()
    ]
    generate, identify = (_families(task, (_OURS, bar)) for task, bar in pairs.items())
    return Finding(
        number=2,
        title="Training both tasks beats either alone",
        claim="Training generation and identification together beats training either alone.",
        sentence="Trained for the same time each, both tasks together (`ours`) generate "
        "{generate, all/ours} and identify {identify, all/ours}; `generate_alone` generates "
        "{generate, all/generate_alone}, `identify_alone` identifies "
        "{identify, all/identify_alone}.",
        note="The same time, not the same number of examples: a task that is trained alone has "
        "its variant's whole time. All concepts decide; where a family tells more, the table does.",
        groups=(whole[0], *generate, whole[1], *identify),
        claims=tuple(
            Claim(group=f"{task}, all", kind=Kind.BEATS, bar=_OURS, other=bar)
            for task, bar in pairs.items()
        ),
    )


def _recognition() -> Finding:
    alone, chance = _bars("identify_alone", "chance")
    bars = (_OURS, Bar(method="ours-recognition"), alone, chance)
    title = "generate, all"
    return Finding(
        number=3,
        title="Recognition alone generates",
        claim="An energy trained only on recognition still generates well.",
        sentence="Trained on identification alone and generating by descent on the energy that "
        "identifies, `identify_alone` generates {generate, all/identify_alone}; `chance` reaches "
        "{generate, all/chance}, training of both tasks for the same time (`ours`) "
        "{generate, all/ours}, and the shipped weights, where they generate by recognition "
        "(`ours-recognition`), {generate, all/ours-recognition}.",
        note="Well: above chance, and in more than half of the scenes. `ours-recognition` and "
        "`ours` are shown beside, and do not count: their weights were trained on both tasks.",
        groups=(Group(title=title, task=_GENERATE, bars=bars), *_families(_GENERATE, bars)),
        claims=(
            Claim(group=title, kind=Kind.BEATS, bar=alone, other=chance),
            Claim(group=title, kind=Kind.MOSTLY, bar=alone),
        ),
    )


def _steps() -> Finding:
    bars = (*_bars("ours-0-steps", "ours-1-steps", "ours-5-steps"), _OURS, *_bars("ours-50-steps"))
    one = bars[1]
    single = Group(title="all single", task=_GENERATE, bars=bars)
    several = [
        Group(title=kind, task=_GENERATE, level=4, concepts=FAMILIES[kind], bars=bars)
        for kind in ("pairs", "triples")
    ]
    return Finding(
        number=4,
        title="One step fails where twenty succeed",
        claim="One descent step fails where about twenty succeed.",
        sentence="With one step single concepts (level 1) are generated in "
        "{all single/ours-1-steps} of scenes, with at most 20 in {all single/ours}; pairs "
        "(level 4) in {pairs/ours-1-steps} with one and {pairs/ours} with 20, triples in "
        "{triples/ours-1-steps} and {triples/ours}.",
        note="A single concept's energy is trained to be half a squared distance to the nearest "
        "answer, so that one step along its gradient is meant to lead there; the paper's is not. "
        "A sum of energies is no such distance.",
        groups=(single, *_families(_GENERATE, bars), *several),
        claims=tuple(claim for group in (single, *several) for claim in _fails(group, one)),
    )


def _relations() -> Finding:
    none, closed = _bars("no_relations", "no_pairs")
    bars = (_OURS, closed, none)
    shapes = FAMILIES["shape"]
    whole = Group(title="all shapes", task=_GENERATE, concepts=shapes, bars=bars)
    each = (Group(title=n, task=_GENERATE, concepts=(n,), bars=bars) for n in shapes)
    others = (g for g in _families(_GENERATE, bars) if g.concepts != shapes)
    return Finding(
        number=5,
        title="Without relations no shapes",
        claim="Without the relational network shapes cannot be formed.",
        sentence="Trained for the same time each, the energy with learned relations (`ours`) forms "
        "shapes in {all shapes/ours} of scenes, one in which nothing relates "
        "entities (`no_relations`) in {all shapes/no_relations}, and one with closed forms in the "
        "place of learned relations (`no_pairs`) in {all shapes/no_pairs}.",
        note="`no_relations` is the paper's question: each entity is seen by itself, w's figure is "
        "told as the numbers that w holds, and what entities say is summed. `no_pairs` asks "
        "whether relations have to be learned: how w's figure lies on the attended entities is "
        "computed without weights.",
        groups=(whole, *each, *others),
        claims=tuple(claim for bar in (none, closed) for claim in _fails(whole, bar)),
    )


def _arm() -> Finding:
    arm = Bar(method=OURS, world="arm")
    bars = (_OURS, arm)
    groups: list[Group] = []
    for task in (_GENERATE, _IDENTIFY):
        parts = _families(task, bars, arm=True)
        names = tuple(name for part in parts for name in part.concepts)
        groups.append(Group(title=f"{task}, all", task=task, concepts=names, bars=bars))
        groups += parts
    whole = [group.title for group in groups if group.title.endswith(", all")]
    claims = [Claim(group=title, kind=Kind.MOSTLY, bar=arm) for title in whole]
    claims += [Claim(group=title, kind=Kind.KEEPS_UP, bar=arm, other=_OURS) for title in whole]
    return Finding(
        number=6,
        title="The arm needs no retraining",
        claim="Concepts learned in the particle world move a robot arm without retraining.",
        sentence="Of the concepts that the arm can do, the same weights generate "
        "{generate, all/ours (arm)} on the arm and {generate, all/ours} in the particle world, "
        "and identify {identify, all/ours (arm)} and {identify, all/ours}.",
        note="The arm's answers are judged on the physical state at the end of the episode. Its "
        "scenes are other ones than the particles', of the same concepts and demonstrations.",
        groups=tuple(groups),
        claims=tuple(claims),
    )


FINDINGS: tuple[Finding, ...] = (
    _one_code(),
    _together(),
    _recognition(),
    _steps(),
    _relations(),
    _arm(),
)
"""In the paper's order."""
