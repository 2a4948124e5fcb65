"""What Compose mounts as secrets: keys and certificates by `wherry pki`, and the operator's account."""
import os
import secrets

from containerslib.images import WORKER
from torturelib.system import ROOT, run

DIRECTORY = os.path.join(ROOT, "Docker", "secrets")
#: No HIE's identifier has a dot, so no worker's certificate logs in as this one.
OPERATOR = "wherry.operator"
#: The numbers that the images run as.
WORKER_USER, BROKER_USER, GRAFANA_USER = 10001, 999, 472


def path(*parts):
    return os.path.join(DIRECTORY, *parts)


def make(engine, topology, tell):
    """Makes what is missing; what is there stays."""
    os.makedirs(DIRECTORY, mode=0o700, exist_ok=True)
    words = ["run", "--rm", "--user", "0:0", "--network", "none", "--volume", f"{DIRECTORY}:/secrets", "--volume",
             f"{os.path.dirname(topology)}:/etc/wherry:ro", WORKER]
    if not os.path.exists(path("ca.pem")):
        tell(engine.run(*words, "pki", "init", "--dir", "/secrets").rstrip())
    tell(engine.run(*words, "pki", "issue", "--dir", "/secrets", "--topology",
                    f"/etc/wherry/{os.path.basename(topology)}").rstrip())
    make_operator()
    write_once("erlang.cookie", secrets.token_hex(32))
    write_once("grafana.password", secrets.token_urlsafe(24) + "\n")
    hand_over(engine)


def make_operator():
    """The account that `wherry topology apply` logs in with, in the two forms in which it is read, and its certificate:
    a broker lets nobody as far as a password without one."""
    if not os.path.exists(path("operator.password")):
        password = secrets.token_urlsafe(32)
        write_once("operator.password", password + "\n")
        write_once("operator.conf", f"default_user = {OPERATOR}\ndefault_pass = {password}\n")
    if not os.path.exists(path("operator.pem")):
        issue(path("operator"), OPERATOR, "extendedKeyUsage = clientAuth")


def issue(stem, name, extensions, before=()):
    """A certificate of the trial's authority by openssl; `before` is what runs it, such as faketime."""
    request = stem + ".csr"
    if not os.path.exists(stem + ".key"):
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", stem + ".key")
    run("openssl", "req", "-new", "-key", stem + ".key", "-subj", f"/CN={name}", "-out", request)
    with open(stem + ".ext", "w") as file:
        file.write(extensions + "\n")
    run(*before, "openssl", "x509", "-req", "-in", request, "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-days",
        "90", "-extfile", stem + ".ext", "-out", stem + ".pem")
    os.remove(request)
    os.remove(stem + ".ext")


def write_once(name, text):
    if not os.path.exists(path(name)):
        with open(os.open(path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
            file.write(text)


def hand_over(engine):
    """Gives every file to the user that reads it in its container: Compose mounts files with the owner they have."""
    rules = [(WORKER_USER, "hies/* operator.password operator.pem operator.key"),
             (BROKER_USER, "brokers/* operator.conf erlang.cookie"), (GRAFANA_USER, "grafana.password")]
    script = "cd /secrets && chmod 644 ca.pem && " + " && ".join(
        f"chown {user}:{user} {files} && chmod 400 {files}" for user, files in rules)
    engine.run("run", "--rm", "--user", "0:0", "--network", "none", "--entrypoint", "sh", "--volume",
               f"{DIRECTORY}:/secrets", WORKER, "-c", script)
