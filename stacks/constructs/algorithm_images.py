"""Addresses of SageMaker's built-in images in every region, looked up when the stack is deployed."""

from __future__ import annotations

from typing import Literal

from aws_cdk import Aws, CfnMapping
from constructs import Construct
from sagemaker.core import image_uris

Algorithm = Literal["rcf", "deepar"]
FRAMEWORKS: dict[Algorithm, str] = {"rcf": "randomcutforest", "deepar": "forecasting-deepar"}


class AlgorithmImages(Construct):
    """A mapping from region to image, made from the SDK's own table: synth needs no region and asks nobody.

    Args:
        scope: Parent construct.
        id_: Logical name.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self._mapping = CfnMapping(self, "Images", mapping={region: _images(region) for region in _regions()})

    def address(self, algorithm: Algorithm) -> str:
        """Return the image's address in the stack's region."""
        return self._mapping.find_in_map(Aws.REGION, algorithm)

    def repository_arn(self, algorithm: Algorithm) -> str:
        """Return the ARN of the image's repository."""
        account = self._mapping.find_in_map(Aws.REGION, f"{algorithm}Account")
        return f"arn:{Aws.PARTITION}:ecr:{Aws.REGION}:{account}:repository/{FRAMEWORKS[algorithm]}"


def _regions() -> list[str]:
    """Return the regions that have both images."""
    tables = [image_uris.config_for_framework(name)["versions"]["1"]["registries"] for name in FRAMEWORKS.values()]
    return sorted(set(tables[0]).intersection(*tables[1:]))


def _images(region: str) -> dict[str, str]:
    images: dict[str, str] = {}
    for algorithm, framework in FRAMEWORKS.items():
        address: str = image_uris.retrieve(framework, region)
        images[algorithm] = address
        images[f"{algorithm}Account"] = address.split(".", 1)[0]
    return images
