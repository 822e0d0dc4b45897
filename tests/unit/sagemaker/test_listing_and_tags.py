"""Lists are filtered, ordered and cut into pages; tags are kept."""

from __future__ import annotations

from tests.unit.sagemaker.conftest import Bench


def names(bench: Bench, **request: object) -> list[str]:
    return [one["ModelName"] for one in bench.call("ListModels", **request)["Models"]]


def test_filters_and_order(bench: Bench) -> None:
    for name in ("rcf-1", "deepar-1", "rcf-2"):
        bench.model(name)
    assert names(bench) == ["rcf-2", "deepar-1", "rcf-1"]
    assert names(bench, NameContains="RCF") == ["rcf-2", "rcf-1"]
    assert names(bench, SortBy="Name", SortOrder="Ascending") == ["deepar-1", "rcf-1", "rcf-2"]
    middle = bench.call("DescribeModel", ModelName="deepar-1")["CreationTime"]
    assert names(bench, CreationTimeAfter=middle) == ["rcf-2"]
    assert names(bench, CreationTimeBefore=middle) == ["rcf-1"]


def test_pages(bench: Bench) -> None:
    for number in range(25):
        bench.model(f"model-{number:02d}")
    first = bench.call("ListModels", SortBy="Name", SortOrder="Ascending", MaxResults=10)
    second = bench.call("ListModels", SortBy="Name", SortOrder="Ascending", MaxResults=10, NextToken=first["NextToken"])
    third = bench.call("ListModels", SortBy="Name", SortOrder="Ascending", MaxResults=10, NextToken=second["NextToken"])
    together = [one["ModelName"] for page in (first, second, third) for one in page["Models"]]
    assert together == [f"model-{number:02d}" for number in range(25)]
    assert "NextToken" not in third
    assert len(bench.call("ListModels")["Models"]) == 10
    assert "pagination token" in str(bench.refusal("ListModels", NextToken="what?"))


def test_tags(bench: Bench) -> None:
    found = bench.endpoint()
    arn = found["EndpointArn"]
    bench.call("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    bench.call("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": "3"}])
    bench.call("DeleteTags", ResourceArn=arn, TagKeys=["b", "c"])
    assert bench.call("ListTags", ResourceArn=arn) == {"Tags": [{"Key": "a", "Value": "3"}]}
    assert "Could not find resource" in str(bench.refusal("ListTags", ResourceArn=arn + "-not"))


def test_a_resource_has_at_most_fifty_tags(bench: Bench) -> None:
    bench.model("model")
    arn = bench.call("DescribeModel", ModelName="model")["ModelArn"]
    bench.call("AddTags", ResourceArn=arn, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(50)])
    assert "at most 50 tags" in str(bench.refusal("AddTags", ResourceArn=arn, Tags=[{"Key": "one", "Value": "more"}]))
