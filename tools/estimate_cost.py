"""Estimate what a stage costs a month before it is deployed. Usage: estimate_cost.py [SETTING=VALUE ...].

List prices of us-east-1 in USD an hour, as AWS's price pages gave them in November 2026; other regions differ by some
percent. What is paid per use (functions, tables, topics, requests) is cents at a click a second and left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cutwatch.errors import CutwatchError, OperatorError
from stacks.settings import Settings, read_settings

HOURS = 730
KPU_HOUR = 0.11
SHARD_HOUR = 0.015
ON_DEMAND_STREAM_HOUR = 0.04
KEY_MONTH = 1.0
INSTANCE_HOUR = {"ml.m5.large": 0.115, "ml.m5.xlarge": 0.23, "ml.c5.large": 0.102, "ml.c5.xlarge": 0.204}


def estimate(settings: Settings) -> dict[str, float | None]:
    """Return the monthly price of each part that costs money while it idles; None where the price is not known."""
    analytics = settings.analytics
    kpus = -(-analytics.parallelism // analytics.parallelism_per_kpu) + 1  # one more for orchestration
    streams = settings.streams
    parts: dict[str, float | None] = {f"application, {kpus} KPU": kpus * KPU_HOUR * HOURS}
    for name in ("clicks", "scores", "windows", "errors"):
        capacity = getattr(streams, name)
        hourly = ON_DEMAND_STREAM_HOUR if capacity.mode == "on_demand" else capacity.shards * SHARD_HOUR
        parts[f"stream {name}"] = hourly * HOURS
    parts["key"] = KEY_MONTH
    if settings.models.enabled and settings.models.endpoint == "real_time":
        for name in ("rcf", "deepar"):
            instance = getattr(settings.models, name).endpoint_instance
            hourly = INSTANCE_HOUR.get(instance)
            parts[f"endpoint {name}, {instance}"] = None if hourly is None else hourly * HOURS
    return parts


def main(words: list[str]) -> int:
    """Print the estimate."""
    context = dict(json.loads(Path("cdk.json").read_text())["context"])
    try:
        for word in words:
            name, equals, value = word.partition("=")
            if not equals:
                raise OperatorError(f"{word!r}: allowed is SETTING=VALUE, such as models=off")
            context[name] = value
        parts = estimate(read_settings(context))
    except CutwatchError as error:
        sys.stderr.write(f"cost: {error}\n")
        return error.exit_code
    for name, price in parts.items():
        sys.stdout.write(f"{name:<32}{'price not known' if price is None else f'{price:9.2f} USD a month'}\n")
    sys.stdout.write(f"{'together':<32}{sum(price or 0 for price in parts.values()):9.2f} USD a month\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
