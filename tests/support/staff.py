"""A person at the desk of a served process, without a browser."""

from typing import Any, Self

import httpx


class Staff:
    """One logged-in person. Answers are decoded JSON; `status` asks only for the status."""

    def __init__(self, origin: str, username: str, password: str, *, opened_as: str | None = None) -> None:
        """opened_as: the origin that browsers see, where it is not the one to connect to."""
        shown = opened_as or origin
        self._http = httpx.Client(
            base_url=origin,
            headers={"Origin": shown, "Host": shown.removeprefix("http://"), "Waymark-Request": "1"},
            timeout=30,
            trust_env=False,
        )
        answer = self._http.post("/desk/api/session", json={"username": username, "password": password})
        assert answer.status_code == 200, f"could not log in: {answer.status_code}"
        # The cookie is Secure; over loopback HTTP only browsers send it by themselves.
        name, value = answer.headers["set-cookie"].split(";")[0].split("=", 1)
        self._http.headers["Cookie"] = f"{name}={value}"

    def get(self, path: str) -> Any:
        answer = self._http.get(path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code}"
        return answer.json()

    def post(self, path: str, body: object) -> Any:
        answer = self._http.post(path, json=body)
        assert answer.status_code == 200, f"POST {path}: {answer.status_code}"
        return answer.json()

    def status(self, method: str, path: str, body: object = None) -> int:
        return self._http.request(method, path, json=body).status_code

    def answer(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        answer = self._http.request(method, path, json=body)
        return answer.status_code, answer.text

    def code(self, label: str) -> str:
        made: str = self.post("/desk/api/devices/codes", {"label": label})["code"]
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
