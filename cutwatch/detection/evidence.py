"""Evidence gathered from the rows: named faults, each a sequential test against the expectation.

Does badly: below about ten counts a window `merged` takes many windows or stays unseen; on the first day, a step down
to less than a quarter that is part of the rhythm opens an incident, and so does a step up to more than six times.
"""

from __future__ import annotations

from dataclasses import replace

from cutwatch.detection.evidence_state import EvidenceState, Weighed
from cutwatch.detection.excursions import Evidence, add, age
from cutwatch.detection.expectation import expect
from cutwatch.detection.faults import KINDS, leading_column, support_for_merged, window_says
from cutwatch.detection.finding import Finding
from cutwatch.detection.levels import Row
from cutwatch.detection.oddity import ODD, notice_oddity
from cutwatch.detection.profile import bin_count, bin_seconds, move_on
from cutwatch.detection.ranges import expected_ranges
from cutwatch.detection.records import ScoreRecord
from cutwatch.detection.settings import DetectionSettings, FaultName

TAKE_BACK = 0.34  # most that a window takes away, as a share of the opening level
HOLDS = 0.2  # share of the opening level that keeps an incident open
UNSUPPORTED = 0.2  # most share of the opening level that `merged` has without the distinct being low
ODD_OPENS = 3.5  # surprise that opens an incident
ALMOST = 0.99  # share of an opening level that is reached, but by too few windows
VARIATION, VARIATION_UNKNOWN = 0.15, 0.25  # least relative noise of a rate
DAY_SECONDS = 86_400
AGED_WINDOWS = 10  # histories age by so many windows at a time


def weigh(
    settings: DetectionSettings, state: EvidenceState, record: ScoreRecord, *, agrees: bool
) -> tuple[EvidenceState, Weighed]:
    """Add a window's evidence; nothing is learnt from it yet."""
    row = _row(settings, record)
    at = int(record.window_start.timestamp()) // bin_seconds(record.window_seconds) % bin_count(record.window_seconds)
    profile = move_on(state.profile, at, window_seconds=record.window_seconds)
    is_open = state.open_fault is not None
    e = expect(state.levels, profile, at, row, state.users, state.pages, frozen=is_open)
    floor = VARIATION if e.known else VARIATION_UNKNOWN
    low = state.low.dispersion(e.least, floor=floor, run=_run(state, "gone"))
    high = state.high.dispersion(e.most, floor=floor, run=_run(state, "flood"))
    said = window_says(settings, state, row, e, low, high) if state.seen >= settings.warm_up_windows else {}
    oddity, surprise = notice_oddity(state.oddity, record.score)
    windows_per_day = DAY_SECONDS / record.window_seconds
    target = settings.false_incidents_per_day / max(len(said), 1)
    faults: dict[FaultName, Evidence] = {}
    support = state.support
    share, rose = 0.0, False
    strongest: FaultName = "gone"
    for name in said:
        before = state.faults.get(name, Evidence())
        if state.seen % AGED_WINDOWS == 0:
            before = replace(before, history=age(before.history, AGED_WINDOWS / windows_per_day))
        level = before.history.level(target, windows_per_day)
        faults[name] = evidence = add(before, said[name], level=level, take_back=TAKE_BACK, agrees=agrees)
        own = evidence.nats / level
        if name == "merged":
            support = support_for_merged(state, row, e, evidence)
            if support <= 0 and state.open_fault != "merged":
                own = min(own, UNSUPPORTED)
        if own >= 1 and not is_open:
            needed = before.history.windows(settings.false_incidents_per_day, agrees=evidence.agreed)
            own = 1.0 if evidence.bad >= needed else ALMOST
        if own > share:
            share, rose, strongest = own, said[name] > 0, name
    if _is_odd(settings, state, row, record, surprise) and share < 1:
        share, rose, strongest = 1.0, True, "odd"
    expected, deviations = expected_ranges(settings, state, row, e, low, high)
    lead = leading_column(settings, strongest, deviations.get(settings.count_column, 0.0))
    finding = Finding(
        share=share,
        rose=rose,
        holds=share > HOLDS,
        kind=KINDS[strongest],
        lead=lead if share > 0 else None,
        expected=expected,
        deviations=deviations,
        volume=e.usual,
        surprise=surprise,
    )
    state = replace(state, profile=profile, faults={**state.faults, **faults}, support=support, oddity=oddity)
    return state, Weighed(row, e, finding, at)


def _is_odd(settings: DetectionSettings, state: EvidenceState, row: Row, record: ScoreRecord, surprise: float) -> bool:
    """Whether the forest's surprise speaks for an incident: only a lone count has no better witness."""
    if "odd" not in settings.faults or row.distinct is not None or row.kinds is not None:
        return False
    if state.open_fault == "odd":
        return record.score is not None and record.score > ODD
    return surprise >= ODD_OPENS and state.seen * record.window_seconds > DAY_SECONDS


def _run(state: EvidenceState, name: FaultName) -> int:
    """Windows that spoke for a fault in its present excursion."""
    return state.faults[name].bad if name in state.faults else 0


def _row(settings: DetectionSettings, record: ScoreRecord) -> Row:
    values = record.values
    return Row(
        count=values.get(settings.count_column, 0.0),
        distinct=values.get(settings.distinct_column) if settings.distinct_column else None,
        kinds=values.get(settings.kinds_column) if settings.kinds_column else None,
    )
