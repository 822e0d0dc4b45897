"""When training starts by itself: as soon as enough windows have gathered, and then every so many days."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct


class TrainingSchedule(Construct):
    """Two schedules on the state machine.

    The hourly one ends at its first step once a model was trained, or while windows are still too few.

    Args:
        scope: Parent construct.
        id_: Logical name.
        machine: The training state machine.
        retrain_days: Days between trainings; 0 for none.
        key: Key of the failure queue.
        failures: Where starts wait that could not be delivered.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        machine: sfn.IStateMachine,
        retrain_days: int,
        key: kms.IKey,
        failures: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"),
            description="Cutwatch: starts training",
        )
        key.grant(role, "kms:Decrypt", "kms:GenerateDataKey")
        plans = {"First": (Duration.hours(1), "first")}
        if retrain_days:
            plans["Again"] = (Duration.days(retrain_days), "schedule")
        for name, (every, reason) in plans.items():
            scheduler.Schedule(
                self,
                name,
                schedule=scheduler.ScheduleExpression.rate(every),
                target=targets.StepFunctionsStartExecution(
                    machine,
                    role=role,
                    dead_letter_queue=failures,
                    input=scheduler.ScheduleTargetInput.from_object({"reason": reason}),
                ),
                description=f"Cutwatch: training, {reason}",
            )
