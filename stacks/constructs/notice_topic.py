"""A topic for people and machines: encrypted, TLS only, with a place for what could not be delivered."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.settings.alarms import Subscription


class NoticeTopic(sns.Topic):
    """A topic and its subscriptions; what a subscriber does not take waits in the failure queue.

    Args:
        scope: Parent construct.
        id_: Logical name.
        key: Key that encrypts the messages.
        display_name: Sender's name in e-mails.
        emails: Addresses; AWS asks each to confirm.
        subscriptions: Further receivers.
        failures: Queue for undelivered messages.
        alarms_publish: Let CloudWatch alarms of this account publish.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: kms.IKey,
        display_name: str,
        emails: Sequence[str],
        failures: sqs.IQueue,
        subscriptions: Sequence[Subscription] = (),
        alarms_publish: bool = False,
    ) -> None:
        super().__init__(scope, id_, display_name=display_name, master_key=key, enforce_ssl=True)
        if alarms_publish:
            # A topic with a policy of its own no longer lets the account's alarms in by itself.
            self.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[self.topic_arn],
                    conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
                )
            )
        for email in emails:
            self.add_subscription(targets.EmailSubscription(email, dead_letter_queue=failures))
        for at, subscription in enumerate(subscriptions):
            id_ = f"Receiver{at}"
            if subscription.protocol == "sms":
                # CDK's own SmsSubscription forgets the dead-letter queue.
                sns.Subscription(
                    self,
                    id_,
                    topic=self,
                    protocol=sns.SubscriptionProtocol.SMS,
                    endpoint=subscription.endpoint,
                    dead_letter_queue=failures,
                )
            else:
                self.add_subscription(_target(self, id_, subscription, failures))


def _target(scope: Construct, id_: str, subscription: Subscription, failures: sqs.IQueue) -> sns.ITopicSubscription:
    endpoint = subscription.endpoint
    match subscription.protocol:
        case "sqs":
            queue = sqs.Queue.from_queue_arn(scope, id_, endpoint)
            return targets.SqsSubscription(queue, dead_letter_queue=failures)
        case "lambda":
            # Same environment: CDK then adds the permission for SNS to call it.
            function = lambda_.Function.from_function_attributes(
                scope, id_, function_arn=endpoint, same_environment=True
            )
            return targets.LambdaSubscription(function, dead_letter_queue=failures)
        case _:
            return targets.UrlSubscription(endpoint, dead_letter_queue=failures)
