"""States that put a new model behind an endpoint and wait for it, while the old one goes on serving."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.constructs.algorithms import AlgorithmSpec
from stacks.settings.models import ModelsSettings

POLL_SECONDS = 15
VARIANT = "main"


class EndpointStates(Construct):
    """Model, configuration, create or update, wait: one branch for one algorithm.

    SageMaker keeps the old configuration serving until the new one is in service, and goes back to it when that
    fails; then the branch fails too, so that somebody hears of it.

    Args:
        scope: Parent construct.
        id_: Logical name.
        spec: The algorithm.
        prefix: Beginning of every name, such as `cutwatch-dev-models-`.
        image: Address of the image.
        role_arn: Role of the model.
        models: Endpoint kind and time-outs.

    Attributes:
        start: First state. Its input has `prepared.run` and `trained.<algorithm>.model_data`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        spec: AlgorithmSpec,
        prefix: str,
        image: str,
        role_arn: str,
        models: ModelsSettings,
    ) -> None:
        super().__init__(scope, id_)
        self._title = id_
        self._endpoint = f"{prefix}{spec.name}"
        name = f"States.Format('{self._endpoint}-{{}}', $.prepared.run)"
        model = self._call(
            "createModel",
            {
                "ModelName.$": name,
                "ExecutionRoleArn": role_arn,
                "PrimaryContainer": {"Image": image, "ModelDataUrl.$": f"$.trained.{spec.name}.model_data"},
                "Tags": stage_tags(prefix),
            },
        )
        configuration = self._call(
            "createEndpointConfig",
            {
                "EndpointConfigName.$": name,
                "ProductionVariants": [{"VariantName": VARIANT, "ModelName.$": name, **_variant(spec, models)}],
                "Tags": stage_tags(prefix),
            },
        )
        which = {"EndpointName": self._endpoint, "EndpointConfigName.$": name}
        create = self._call("createEndpoint", {**which, "Tags": stage_tags(prefix)})
        update = self._call("updateEndpoint", which)
        wait = self._wait(models)
        create.next(wait)
        update.next(wait)
        look = self._describe("Look for the endpoint", "$.found")
        look.add_catch(create, errors=["SageMaker.SageMakerException"], result_path="$.none")
        choice = sfn.Choice(self, f"{self._title}: is there one?")
        look.next(choice)
        remove = self._call("deleteEndpoint", {"EndpointName": self._endpoint}, sdk=True)
        remove.next(sfn.Wait(self, f"{self._title}: let it go", time=_seconds(POLL_SECONDS))).next(look)
        # One that never came to life serves nobody and cannot be updated.
        choice.when(sfn.Condition.string_equals("$.found.status", "Failed"), remove)
        choice.when(sfn.Condition.string_equals("$.found.status", "Deleting"), sfn.Wait(
            self, f"{self._title}: being deleted", time=_seconds(POLL_SECONDS)).next(look))  # fmt: skip
        choice.otherwise(update)
        self.start = model
        model.next(configuration)
        configuration.next(look)

    def _wait(self, models: ModelsSettings) -> sfn.IChainable:
        """Wait until the endpoint serves the new configuration, or has gone back to the old one, or time is up."""
        begin = sfn.Pass(self, f"{self._title}: begin to wait", result=sfn.Result.from_number(0), result_path="$.polls")
        pause = sfn.Wait(self, f"{self._title}: wait", time=_seconds(POLL_SECONDS))
        count = sfn.Pass(
            self,
            f"{self._title}: count",
            parameters={"value.$": "States.MathAdd($.polls, 1)"},
            result_path="$.counted",
        )
        keep = sfn.Pass(self, f"{self._title}: keep count", input_path="$.counted.value", result_path="$.polls")
        look = self._describe("Look again", "$.endpoint")
        choice = sfn.Choice(self, f"{self._title}: in service?")
        condition = sfn.Condition
        expected = sfn.Pass(
            self,
            f"{self._title}: name the new configuration",
            parameters={"value.$": f"States.Format('{self._endpoint}-{{}}', $.prepared.run)"},
            result_path="$.expected",
        )
        done = sfn.Pass(self, f"{self._title}: serves", parameters={"endpoint": self._endpoint})
        rolled_back = sfn.Fail(
            self,
            f"{self._title}: rolled back",
            error="EndpointRolledBack",
            cause=f"endpoint {self._endpoint} went back to its old configuration, which goes on serving",
        )
        failed = sfn.Fail(
            self, f"{self._title}: failed", error="EndpointFailed", cause=f"endpoint {self._endpoint} did not start"
        )
        late = sfn.Fail(
            self,
            f"{self._title}: too late",
            error="EndpointTimeout",
            cause=f"endpoint {self._endpoint} was not in service within {models.endpoint_timeout_minutes} minutes",
        )
        in_service = condition.string_equals("$.endpoint.status", "InService")
        is_new = condition.string_equals_json_path("$.endpoint.configuration", "$.expected.value")
        choice.when(condition.and_(in_service, is_new), done)
        choice.when(in_service, rolled_back)
        choice.when(condition.string_equals("$.endpoint.status", "Failed"), failed)
        polls = models.endpoint_timeout_minutes * 60 // POLL_SECONDS
        choice.when(condition.number_greater_than("$.polls", polls), late)
        choice.otherwise(pause)
        return sfn.Chain.start(expected).next(begin).next(pause).next(count).next(keep).next(look).next(choice)

    def _describe(self, what: str, result_path: str) -> sfn.CustomState:
        state = {
            "Type": "Task",
            "Resource": f"arn:{Aws.PARTITION}:states:::aws-sdk:sagemaker:describeEndpoint",
            "Parameters": {"EndpointName": self._endpoint},
            "ResultSelector": {"status.$": "$.EndpointStatus", "configuration.$": "$.EndpointConfigName"},
            "ResultPath": result_path,
        }
        return sfn.CustomState(self, f"{self._title}: {what.lower()}", state_json=state)

    def _call(self, action: str, parameters: dict[str, Any], *, sdk: bool = False) -> sfn.CustomState:
        state = {
            "Type": "Task",
            "Resource": f"arn:{Aws.PARTITION}:states:::{'aws-sdk:' if sdk else ''}sagemaker:{action}",
            "Parameters": parameters,
            "ResultPath": "$.made",
        }
        return sfn.CustomState(self, f"{self._title}: {action}", state_json=state)


def stage_tags(prefix: str) -> list[dict[str, str]]:
    """Return the tags of what is made outside CloudFormation; `prefix` is `cutwatch-<stage>-models-`."""
    return [{"Key": "application", "Value": "cutwatch"}, {"Key": "stage", "Value": prefix.split("-")[1]}]


def _variant(spec: AlgorithmSpec, models: ModelsSettings) -> dict[str, Any]:
    if models.endpoint == "serverless":
        return {
            "ServerlessConfig": {
                "MemorySizeInMB": int(models.serverless_memory_mb),
                "MaxConcurrency": models.serverless_max_concurrency,
            }
        }
    return {"InitialInstanceCount": 1, "InstanceType": spec.endpoint_instance}


def _seconds(seconds: int) -> sfn.WaitTime:
    return sfn.WaitTime.duration(Duration.seconds(seconds))
