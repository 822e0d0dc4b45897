"""Policy checks at synth: cdk-nag's AwsSolutions rules, and exceptions that each carry their own reason."""

from __future__ import annotations

import cdk_nag
from aws_cdk import Acknowledgment, App, Validations
from constructs import IConstruct


def add_checks(app: App) -> None:
    """Make a violation of AwsSolutions stop synth."""
    Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding on one construct.

    Args:
        construct: What the finding is about; its children are meant too.
        rule: Rule id, such as `AwsSolutions-SQS3`.
        reason: Why it is right here, for whoever audits the stack.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
