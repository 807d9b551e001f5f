"""The running server keeps openapi.yaml, as schemathesis sees it; and schemathesis sees a server that does not.

Without the packages of requirements.txt these tests fail: skipped, they would look as if the contract was kept.
"""

import subprocess
import threading
from pathlib import Path

from openapi_spec_validator import validate
from openapi_spec_validator.readers import read_from_filename
from wrong_server import serve

HERE = Path(__file__).resolve().parent


def run(url, *options):
    return subprocess.run(
        [HERE / "run_schemathesis.sh", url, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )


def test_the_contract_is_valid_openapi():
    contract, _ = read_from_filename(str(HERE.parents[1] / "openapi.yaml"))
    validate(contract)


def test_the_server_keeps_the_contract(start_broker):
    broker = start_broker()
    result = run(f"http://127.0.0.1:{broker.port}")
    assert result.returncode == 0, result.stdout
    assert broker.alive()


def test_a_server_that_does_not_is_found_out():
    server = serve()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Two operations will do; all of them would only find the same mistakes for longer.
    few = ["--include-operation-id", "getInbox", "--include-operation-id", "ackMessages"]
    result = run(f"http://127.0.0.1:{server.server_address[1]}", *few)
    server.shutdown()
    server.server_close()
    assert result.returncode == 1, result.stdout
    for failure in ("Schema-violating request accepted", "Response violates schema", "Unsupported method"):
        assert failure in result.stdout
