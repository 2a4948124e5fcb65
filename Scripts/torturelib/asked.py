"""A worker as it is asked over HTTP, wherever it runs."""
import http.client
import json


class Asked:
    """`name` is for errors; while `port` is None nothing listens."""

    name = host = port = None

    def request(self, method, path, body=None, headers=None, seconds=10):
        """Status, headers and body; OSError when there is no answer, TimeoutError when none came in time."""
        if self.port is None:
            raise ConnectionRefusedError(f"{self.name} was not started")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except http.client.HTTPException as error:
            raise ConnectionResetError(str(error) or type(error).__name__) from error
        finally:
            connection.close()

    def get(self, path, seconds=10):
        """JSON of a path that must answer with 200."""
        status, _, body = self.request("GET", path, seconds=seconds)
        if status != 200:
            raise ConnectionError(f"{self.name} answered {path.split('?')[0]} with {status}")
        return json.loads(body)

    def peers(self):
        """What it knows of everybody, or None while it does not answer."""
        try:
            return self.get("/api/peers")
        except (OSError, ValueError):
            return None
