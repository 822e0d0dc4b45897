"""What earlier days were like at each time of day."""

from __future__ import annotations

from dataclasses import dataclass, replace

BIN_SECONDS = 600
DAY_SECONDS = 86_400
MEMORY_DAYS = 3.0
REACH = 3  # bins on either side that make up the hour around a bin
BIN_WINDOWS = 10


@dataclass(frozen=True)
class Bin:
    """Means a window at one time of day, over `days` days.

    `repeats` are counts that brought nobody new, `further` those beyond each window's first.
    """

    count: float = 0.0
    distinct: float = 0.0
    kinds: float = 0.0
    repeats: float = 0.0
    further: float = 0.0
    days: int = 0

    @property
    def windows(self) -> int:
        """Windows that the means rest on, as far as they are remembered."""
        return BIN_WINDOWS * self.days

    @property
    def repeat(self) -> float:
        """Share of further counts that brought nobody new."""
        return self.repeats / self.further if self.further else 0.0


@dataclass(frozen=True)
class Profile:
    """The bins of a day, and the sums of the bin that is being filled (`filling.days` counts its windows)."""

    bins: tuple[Bin, ...] = ()
    filling: Bin = Bin()
    filling_at: int = -1

    def near(self, at: int) -> list[Bin]:
        """The bins at, before and after a bin: rhythms wander by some minutes."""
        count = len(self.bins)
        return [self.bins[(at + step) % count] for step in (-1, 0, 1)] if count else [Bin()]

    def around(self, at: int) -> Bin:
        """The bins within half an hour together: means of all, and the days of all summed up."""
        count = len(self.bins)
        reach = [self.bins[(at + step) % count] for step in range(-REACH, REACH + 1)] if count > 2 * REACH else []
        days = [min(found.days, int(MEMORY_DAYS)) for found in reach]
        total = sum(days)
        if not total:
            return Bin()
        weighted = [(found, n / total) for found, n in zip(reach, days, strict=True)]
        return Bin(
            sum(found.count * part for found, part in weighted),
            sum(found.distinct * part for found, part in weighted),
            sum(found.kinds * part for found, part in weighted),
            sum(found.repeats * part for found, part in weighted),
            sum(found.further * part for found, part in weighted),
            total,
        )

    def here(self, at: int) -> Bin:
        """The bin at a place, empty before the first is filled."""
        return self.bins[at] if self.bins else Bin()


def bin_seconds(window_seconds: int) -> int:
    """Length of a bin: ten minutes, or a window if that is longer."""
    return max(BIN_SECONDS, window_seconds)


def bin_count(window_seconds: int) -> int:
    """How many bins a day has."""
    return max(1, DAY_SECONDS // bin_seconds(window_seconds))


def add_row(profile: Profile, count: float, distinct: float, kinds: float) -> Profile:
    """The profile with a row in the bin that is being filled."""
    f = profile.filling
    further = max(0.0, count - 1)
    filling = Bin(
        f.count + count,
        f.distinct + distinct,
        f.kinds + kinds,
        f.repeats + count - distinct,
        f.further + further,
        f.days + 1,
    )
    return replace(profile, filling=filling)


def move_on(profile: Profile, at: int, *, window_seconds: int) -> Profile:
    """The profile when time has come to bin `at`: a bin that is left is taken in if at least half of it was seen."""
    if at == profile.filling_at:
        return profile
    filled, place = profile.filling, profile.filling_at
    bins = profile.bins or (Bin(),) * bin_count(window_seconds)
    if place >= 0 and filled.days * window_seconds >= bin_seconds(window_seconds) / 2:
        bins = (*bins[:place], _mixed(bins[place], filled), *bins[place + 1 :])
    return Profile(bins, Bin(), at)


def _mixed(old: Bin, sums: Bin) -> Bin:
    rate, n = max(1 / MEMORY_DAYS, 1 / (old.days + 1)), sums.days
    return Bin(
        old.count + rate * (sums.count / n - old.count),
        old.distinct + rate * (sums.distinct / n - old.distinct),
        old.kinds + rate * (sums.kinds / n - old.kinds),
        old.repeats + rate * (sums.repeats / n - old.repeats),
        old.further + rate * (sums.further / n - old.further),
        old.days + 1,
    )
