"""What goes: everything when the stack goes, or only what no endpoint serves any more after a training."""

from __future__ import annotations

from lambdas.remove_models.adapters import StageModels
from lambdas.shared.clock import Clock

POLL_SECONDS = 5.0


def remove_unused(models: StageModels) -> dict[str, int]:
    """Delete the configurations and models that no endpoint serves; returns how many of each."""
    used = models.used_configurations()
    used_models = {model for configuration in used for model in models.models_of(configuration)}
    return {
        "configurations": models.delete_configurations([name for name in models.configurations() if name not in used]),
        "models": models.delete_models([name for name in models.models() if name not in used_models]),
    }


def remove_all(models: StageModels, state_machine_arn: str, *, timeout_seconds: float, clock: Clock) -> dict[str, int]:
    """Stop what runs, then delete endpoints, configurations and models; returns how many of each.

    An endpoint that is being created or updated cannot be deleted yet: it is waited for.

    Raises:
        TimeoutError: Endpoints were still there in the end.
    """
    counts = {
        "executions": models.stop_executions(state_machine_arn),
        "training_jobs": models.stop_training_jobs(),
        "endpoints": len(models.endpoints()),
    }
    deadline = clock.now_seconds() + timeout_seconds
    while endpoints := models.endpoints():
        if clock.now_seconds() >= deadline:
            raise TimeoutError(f"endpoints are still there after {timeout_seconds:.0f} s: {endpoints}")
        for name, status in endpoints.items():
            if status not in ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"):
                models.delete_endpoint(name)
        if models.endpoints():
            clock.sleep(POLL_SECONDS)
    counts["configurations"] = models.delete_configurations(models.configurations())
    counts["models"] = models.delete_models(models.models())
    return counts
