"""The local cloud as a whole: it starts, keeps to the loopback, runs functions by AWS's rules, and leaves nothing."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cutwatch.errors import OperatorError
from cutwatch.localcloud import ACCOUNT, LocalCloud
from cutwatch.localcloud.server import PYTHON, ROOT

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running


def group_members(group: int) -> list[int]:
    """Processes of a group that still run (zombies wait for their parent and run nothing)."""
    rows = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    found = [row.split() for row in rows.splitlines()]
    return [int(pid) for pid, pgid, stat in found if int(pgid) == group and not stat.startswith("Z")]


def wait_for(what: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def zipped(source: str, name: str = "index.py") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, source)
    return buffer.getvalue()


def test_the_plugins_touch_nothing_that_ministack_does_not_have() -> None:
    program = "from cutwatch.localcloud.private_names import changed_names; print('\\n'.join(changed_names()))"
    done = subprocess.run([PYTHON, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_changed_name_is_noticed() -> None:
    program = (
        "from cutwatch.localcloud.private_names import Name, changed_names\n"
        "print(changed_names([Name('ministack.services.lambda_svc', '_no_such'),"
        " Name('ministack.services.lambda_svc', '_execute_function', ('function',))]))"
    )
    done = subprocess.run([PYTHON, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "_no_such is gone" in done.stdout
    assert "_execute_function takes ('func', 'event'), not ('function',)" in done.stdout


def test_it_is_the_account_that_the_stacks_expect(cloud: LocalCloud) -> None:
    assert cloud.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_it_listens_on_the_loopback_alone(cloud: LocalCloud) -> None:
    port = int(cloud.endpoint_url.rsplit(":", 1)[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks which address this machine would use
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no other address than the loopback")
    with pytest.raises(OSError, match=r"refused|timed out"):
        socket.create_connection((address, port), timeout=3)


def test_a_port_in_use_is_said_so(cloud: LocalCloud) -> None:
    port = int(cloud.endpoint_url.rsplit(":", 1)[1])
    with pytest.raises(OperatorError, match=rf"cannot listen on 127\.0\.0\.1:{port}"), LocalCloud(port=port):
        pass


def test_leaving_the_block_ends_everything() -> None:
    with LocalCloud() as cloud:
        start_function(cloud, "def handler(event, context): return 1")
        cloud.client("lambda").invoke(FunctionName="f")
        group = cloud.pid
        assert len(group_members(group)) >= 2, "the server and a Lambda worker"
    assert group_members(group) == []


def test_an_exception_ends_everything() -> None:
    group = 0
    with pytest.raises(RuntimeError, match="on purpose"), LocalCloud() as cloud:  # noqa: PT012
        group = cloud.pid
        raise RuntimeError("on purpose")
    assert group
    assert group_members(group) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_owner_is_the_end_of_everything(number: signal.Signals) -> None:
    program = (
        "import time\n"
        "from cutwatch.localcloud import LocalCloud\n"
        "with LocalCloud() as cloud:\n"
        "    print(cloud.pid, cloud.log_file.parent, flush=True)\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        assert owner.stdout is not None
        pid, folder = owner.stdout.readline().split()
        assert group_members(int(pid))
        owner.send_signal(number)
        owner.wait(30)
    wait_for(lambda: not group_members(int(pid)), 15)
    wait_for(lambda: not Path(folder).exists(), 5)


BUSY_OWNER = """
import io, threading, time, zipfile
from cutwatch.localcloud import ACCOUNT, LocalCloud
with LocalCloud() as cloud:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "import time\\ndef handler(event, context): time.sleep(600)")
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="sleeper", Runtime="python3.13", Role=f"arn:aws:iam::{ACCOUNT}:role/r", Handler="index.handler",
        Code={"ZipFile": code.getvalue()}, Timeout=900,
    )
    threading.Thread(target=lambda: functions.invoke(FunctionName="sleeper"), daemon=True).start()
    time.sleep(1.5)
    print(cloud.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_function_that_is_still_running_holds_nothing_up(number: signal.Signals) -> None:
    command = [sys.executable, "-c", BUSY_OWNER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        assert owner.stdout is not None
        group = int(owner.stdout.readline())
        assert len(group_members(group)) == 2, "the server and the function"
        owner.send_signal(number)
        owner.wait(30)
    wait_for(lambda: not group_members(group), 15)


def test_a_person_gets_the_variables_and_ends_it_with_ctrl_c(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cutwatch.localcloud", "--port", str(port), "--log", str(tmp_path / "cloud.log")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as shell:
        assert shell.stdout is not None
        assert shell.stderr is not None
        assert f"http://127.0.0.1:{port}" in shell.stderr.readline()
        shell.send_signal(signal.SIGINT)
        assert shell.wait(30) == 130
        variables = dict(line.removeprefix("export ").strip().split("=", 1) for line in shell.stdout)
    assert variables["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{port}"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=3)


def test_the_end_of_the_server_alone_is_noticed() -> None:
    with LocalCloud() as cloud:
        start_function(cloud, "def handler(event, context): return 1")
        cloud.client("lambda").invoke(FunctionName="f")
        os.kill(cloud.pid, signal.SIGKILL)
        wait_for(lambda: not group_members(cloud.pid), 15)


def start_function(cloud: LocalCloud, source: str, name: str = "f") -> str:
    code = {"ZipFile": zipped(source)}
    answer = cloud.client("lambda").create_function(
        FunctionName=name, Runtime="python3.13", Role=f"arn:aws:iam::{ACCOUNT}:role/r", Handler="index.handler",
        Code=code, Timeout=30,
    )  # fmt: skip
    return str(answer["FunctionArn"])


POISONED = """
import base64, os
def handler(event, context):
    texts = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(" ".join(texts) + "\\n")
    if "poison" in texts:
        raise ValueError("cannot digest")
"""


def test_a_poison_record_goes_to_the_queue_and_the_shard_goes_on(cloud: LocalCloud, tmp_path: Path) -> None:
    streams, functions, queues = cloud.client("kinesis"), cloud.client("lambda"), cloud.client("sqs")
    streams.create_stream(StreamName="poisoned", ShardCount=1)
    stream = streams.describe_stream(StreamName="poisoned")["StreamDescription"]["StreamARN"]
    queue = queues.create_queue(QueueName="given-up")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    calls = tmp_path / "calls"
    start_function(cloud, POISONED, "digest")
    functions.update_function_configuration(FunctionName="digest", Environment={"Variables": {"CALLS": str(calls)}})
    texts = ["a", "b", "poison", "c"]
    streams.put_records(StreamName="poisoned", Records=[{"Data": text.encode(), "PartitionKey": "k"} for text in texts])
    functions.create_event_source_mapping(
        FunctionName="digest", EventSourceArn=stream, StartingPosition="TRIM_HORIZON", BatchSize=10,
        MaximumRetryAttempts=1, BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )  # fmt: skip

    messages = wait_for(lambda: queues.receive_message(QueueUrl=queue).get("Messages"))

    assert cloud.wait_until_drained(20)
    record = json.loads(messages[0]["Body"])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert (record["KinesisBatchInfo"]["batchSize"], record["KinesisBatchInfo"]["streamArn"]) == (1, stream)
    assert calls.read_text().splitlines() == ["a b poison c", "a b", "poison c", "poison", "poison", "c"]


def test_status_counts_what_is_behind(cloud: LocalCloud) -> None:
    streams, functions = cloud.client("kinesis"), cloud.client("lambda")
    streams.create_stream(StreamName="counted", ShardCount=2)
    stream = streams.describe_stream(StreamName="counted")["StreamDescription"]["StreamARN"]
    start_function(cloud, "def handler(event, context): return None", "count")
    mapping = functions.create_event_source_mapping(
        FunctionName="count", EventSourceArn=stream, StartingPosition="TRIM_HORIZON", Enabled=False
    )
    entries = [{"Data": b"x", "PartitionKey": str(at)} for at in range(20)]
    streams.put_records(StreamName="counted", Records=entries)

    def behind() -> int:
        return next(one.behind for one in cloud.status().mappings if one.stream == "counted")

    assert behind() == 20
    assert not cloud.status().drained
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    assert cloud.wait_until_drained(20)
    assert behind() == 0
    functions.delete_event_source_mapping(UUID=mapping["UUID"])
    assert "counted" not in [one.stream for one in cloud.status().mappings]


def test_an_unknown_path_is_ministacks_to_answer(cloud: LocalCloud) -> None:
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{cloud.endpoint_url}/_cutwatch/nothing")
