"""Where a corrected address leads: to this service, whoever the client took it for."""

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/aide/", "/aide"),
        ("/api/v1/cpts/", "/api/v1/cpts"),
        ("/api/v1/cpts/?department=05", "/api/v1/cpts?department=05"),
        ("/cpts/82/", "/cpts/82"),
    ],
)
@pytest.mark.parametrize("host", ["testserver", "ailleurs.example", "ailleurs.example:8443"])
def test_a_final_slash_is_corrected_on_this_service_whatever_host_was_named(
    client: TestClient, asked: str, led: str, host: str
) -> None:
    answer = client.get(asked, headers={"Host": host}, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == led


@pytest.mark.parametrize(
    "asked", ["//ailleurs.example/", "//ailleurs.example/aide/", "/%2F/aide/"]
)
def test_no_address_leads_to_another_host(client: TestClient, asked: str) -> None:
    answer = client.get(f"http://testserver{asked}", follow_redirects=False)
    assert not answer.headers.get("location", "/").startswith("//")
    assert "ailleurs" not in answer.headers.get("location", "")
