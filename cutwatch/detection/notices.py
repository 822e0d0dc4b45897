"""What is told, and when: once each, not in quiet hours, not more than the hourly cap.

An opening that quiet hours or the cap hold up waits: it goes out when they end, if the incident is still open by then.
Whatever opening was told is followed by exactly one `over`; whatever was not is followed by none.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from cutwatch.detection.incidents import Incident, Notice, NoticeKind
from cutwatch.detection.quiet_times import is_quiet
from cutwatch.detection.records import ScoreRecord
from cutwatch.detection.settings import DetectionSettings
from cutwatch.detection.state import NoticeLedger

CAP_WINDOW = timedelta(hours=1)


def tell(
    settings: DetectionSettings,
    ledger: NoticeLedger,
    incident: Incident | None,
    news: NoticeKind | None,
    record: ScoreRecord,
) -> tuple[NoticeLedger, tuple[Notice, ...]]:
    """Decide what goes out after one window.

    Args:
        settings: quiet hours, cap and reminders.
        ledger: what was told so far.
        incident: as it is now; None while all is quiet.
        news: what the window did to it.
        record: the window.
    """
    now = record.window_end
    ledger = replace(ledger, recent=tuple(moment for moment in ledger.recent if now - moment < CAP_WINDOW))
    if news == "opened":
        ledger = replace(ledger, waiting=True, told=False)
    quiet = is_quiet(settings.quiet_times, now, settings.time_zone)
    if news == "over" and incident is not None:
        pending = (*ledger.pending, incident) if ledger.told else ledger.pending
        ledger = replace(ledger, pending=pending, waiting=False, told=False)
    if quiet:
        return ledger, ()
    notices = [Notice("over", ended, now) for ended in ledger.pending]
    ledger = replace(ledger, pending=(), recent=(*ledger.recent, *(now for _ in notices)))
    kind = _due(settings, ledger, incident, news, now)
    if kind is None or incident is None:
        return ledger, tuple(notices)
    if settings.notices_per_hour and len(ledger.recent) >= settings.notices_per_hour:
        counts = news in ("opened", "joined")  # a reminder or a waiting opening is not counted again and again
        return replace(ledger, held_back=ledger.held_back + counts), tuple(notices)
    detector = {"opened": incident.detectors[0].name, "joined": record.detector}.get(kind)
    notices.append(Notice(kind, incident, now, detector=detector, held_back=ledger.held_back))
    told = replace(ledger, recent=(*ledger.recent, now), waiting=False, told=True, last=now, held_back=0)
    return told, tuple(notices)


def _due(
    settings: DetectionSettings, ledger: NoticeLedger, incident: Incident | None, news: NoticeKind | None, now: datetime
) -> NoticeKind | None:
    """What is to be told of the open incident at this window."""
    if incident is None or not incident.is_open:
        return None
    if ledger.waiting:
        return "opened"
    if news == "joined":
        return "joined"
    reminder = timedelta(minutes=settings.reminder_minutes)
    return "reminder" if reminder and ledger.last is not None and now - ledger.last >= reminder else None
