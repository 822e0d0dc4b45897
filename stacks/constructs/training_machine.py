"""The training state machine: prepare, train both, deploy both, calibrate, tidy up; failures reach the operators."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from stacks.checks import acknowledge
from stacks.constructs.algorithm_images import AlgorithmImages
from stacks.constructs.algorithms import AlgorithmSpec
from stacks.constructs.endpoint_states import EndpointStates, stage_tags
from stacks.settings.models import ModelsSettings

MACHINE_NAME = "training"


class TrainingMachine(Construct):
    """Trains both algorithms side by side; only when both have succeeded does any endpoint change.

    Args:
        scope: Parent construct.
        id_: Logical name.
        specs: The two algorithms.
        prefix: Beginning of every name, such as `cutwatch-dev-models-`.
        prepare, calibrate, tidy: The functions of the steps.
        role: Role of training jobs and models.
        images: The built-in images.
        bucket: The stage's bucket.
        key_arn: Key of the models' artefacts.
        operators: Topic that hears of failures.
        models: Endpoint kind and time-outs.
        log_retention: How long the machine's log is kept.

    Attributes:
        machine: The state machine. Its input is `{"reason": "demand" | "schedule" | "first"}`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        specs: Sequence[AlgorithmSpec],
        prefix: str,
        prepare: lambda_.IFunction,
        calibrate: lambda_.IFunction,
        tidy: lambda_.IFunction,
        role: iam.IRole,
        images: AlgorithmImages,
        bucket: s3.IBucket,
        key_arn: str,
        operators: sns.ITopic,
        models: ModelsSettings,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id_)
        self._prefix = prefix
        failure = self._failure(operators)
        prepared = self._invoke("Prepare training", prepare, "$.prepared",
                                {"execution.$": "$$.Execution.Name", "reason.$": "$.reason"})  # fmt: skip
        train = sfn.Parallel(
            self,
            "Train both",
            result_selector={
                spec.name: {"model_data.$": f"$[{at}].ModelArtifacts.S3ModelArtifacts"} for at, spec in enumerate(specs)
            },
            result_path="$.trained",
        )
        for spec in specs:
            train.branch(self._train(spec, images.address(spec.name), role.role_arn, bucket, key_arn, models))
        chain = sfn.Chain.start(train)
        failing: list[sfn.Parallel | tasks.LambdaInvoke] = [prepared, train]
        if models.endpoint != "off":
            deploy = sfn.Parallel(self, "Deploy both", result_path="$.deployed")
            for spec in specs:
                states = EndpointStates(
                    self,
                    f"{spec.name} endpoint",
                    spec=spec,
                    prefix=prefix,
                    image=images.address(spec.name),
                    role_arn=role.role_arn,
                    models=models,
                )
                deploy.branch(states.start)
            calibrated = self._invoke("Calibrate thresholds", calibrate, "$.calibrated", {"run.$": "$.prepared.run"})
            chain = chain.next(deploy).next(calibrated)
            failing += [deploy, calibrated]
        tidied = self._invoke("Remove unused models", tidy, "$.removed", {})
        chain = chain.next(tidied)
        for state in failing:
            state.add_catch(failure, errors=["States.ALL"], result_path="$.error")
        enough = sfn.Choice(self, "Ready?")
        enough.when(sfn.Condition.boolean_equals("$.prepared.ready", True), chain)  # noqa: FBT003 - CDK's signature
        enough.otherwise(sfn.Succeed(self, "Nothing to train"))
        log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            # Named, so that the function that stops its executions can be permitted without a circle.
            state_machine_name=f"{prefix}{MACHINE_NAME}",
            definition_body=sfn.DefinitionBody.from_chainable(prepared.next(enough)),
            timeout=Duration.hours(24),
            tracing_enabled=True,
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
            comment="Cutwatch: trains SageMaker RCF and DeepAR, puts them behind their endpoints, calibrates",
        )
        self._permit(role)
        for function in (prepare, calibrate, tidy):
            resource = function.node.default_child
            assert isinstance(resource, lambda_.CfnFunction)
            acknowledge(
                self.machine,
                f"AwsSolutions-IAM5[Resource::<{Stack.of(self).resolve(resource.logical_id)}.Arn>:*]",
                "CDK grants the call of a function with all its versions.",
            )

    def _train(
        self, spec: AlgorithmSpec, image: str, role_arn: str, bucket: s3.IBucket, key_arn: str, models: ModelsSettings
    ) -> sfn.CustomState:
        channel = {
            "ChannelName": "train",
            **({"ContentType": spec.content_type} if spec.content_type else {}),
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri.$": f"$.prepared.{spec.name}.training_data",
                    "S3DataDistributionType": spec.distribution,
                }
            },
        }
        state = {
            "Type": "Task",
            "Resource": f"arn:{Aws.PARTITION}:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {
                "TrainingJobName.$": f"States.Format('{self._prefix}{spec.name}-{{}}', $.prepared.run)",
                "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
                "RoleArn": role_arn,
                "InputDataConfig": [channel],
                "OutputDataConfig": {"S3OutputPath": f"s3://{bucket.bucket_name}/models/", "KmsKeyId": key_arn},
                "ResourceConfig": {"InstanceCount": 1, "InstanceType": spec.training_instance, "VolumeSizeInGB": 10},
                "StoppingCondition": {"MaxRuntimeInSeconds": models.training_timeout_minutes * 60},
                "HyperParameters": dict(spec.hyperparameters),
                "Tags": stage_tags(self._prefix),
            },
        }
        return sfn.CustomState(self, f"Train {spec.name}", state_json=state)

    def _invoke(
        self, name: str, function: lambda_.IFunction, result_path: str, payload: dict[str, str]
    ) -> tasks.LambdaInvoke:
        return tasks.LambdaInvoke(
            self,
            name,
            lambda_function=function,
            payload=sfn.TaskInput.from_object(payload),
            result_path=result_path,
            payload_response_only=True,
        )

    def _failure(self, operators: sns.ITopic) -> sfn.IChainable:
        tell = tasks.SnsPublish(
            self,
            "Tell the operators",
            topic=operators,
            subject="Cutwatch: training failed, the old models go on serving",
            message=sfn.TaskInput.from_json_path_at("States.JsonToString($.error)"),
            result_path=sfn.JsonPath.DISCARD,
        )
        fail = sfn.Fail(
            self, "Training failed", error_path="$.error.Error", cause_path="States.JsonToString($.error.Cause)"
        )
        return tell.next(fail)

    def _permit(self, role: iam.IRole) -> None:
        stack = Stack.of(self)

        def arn(kind: str) -> str:
            return stack.format_arn(service="sagemaker", resource=kind, resource_name=f"{self._prefix}*")

        kinds = ("training-job", "model", "endpoint-config", "endpoint")
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                actions=[
                    "sagemaker:AddTags",
                    "sagemaker:CreateTrainingJob",
                    "sagemaker:DescribeTrainingJob",
                    "sagemaker:StopTrainingJob",
                    "sagemaker:CreateModel",
                    "sagemaker:CreateEndpointConfig",
                    "sagemaker:CreateEndpoint",
                    "sagemaker:UpdateEndpoint",
                    "sagemaker:DescribeEndpoint",
                    "sagemaker:DeleteEndpoint",
                ],
                resources=[arn(kind) for kind in kinds],
            )
        )
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            )
        )
        # Step Functions hears of a job's end through this rule of its own.
        rule = stack.format_arn(
            service="events", resource="rule", resource_name="StepFunctionsGetEventsForSageMakerTrainingJobsRule"
        )
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"], resources=[rule]
            )
        )
        for kind in kinds:
            acknowledge(
                self.machine,
                "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:"
                f"{kind}/{self._prefix}*]",
                "Each training run names its job, models and configurations anew under the stage's prefix.",
            )
        acknowledge(
            self.machine,
            "AwsSolutions-IAM5[Resource::*]",
            "Log delivery and tracing of a state machine have no resource to name.",
        )
