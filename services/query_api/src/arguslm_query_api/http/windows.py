"""Spans of time as people give them: a time without a zone is UTC."""

from datetime import UTC, datetime, timedelta

from arguslm_query_api.refusals import Invalid

_DEFAULT = timedelta(days=1)
_LONGEST = timedelta(days=400)


def in_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def window(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """The asked span; by default the last day before `end`, or until now.

    Raises:
        Invalid: it is empty, or longer than 400 days.
    """
    until = in_utc(end) or datetime.now(UTC)
    begin = in_utc(start) or until - _DEFAULT
    if begin >= until:
        raise Invalid("start has to lie before end", field="query.start")
    if until - begin > _LONGEST:
        raise Invalid(f"a span may be at most {_LONGEST.days} days", field="query.start")
    return begin, until
