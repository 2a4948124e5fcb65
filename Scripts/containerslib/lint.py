"""Other people's judgement of what Docker/ holds."""
import glob
import json
import os
import re
import subprocess

import yaml

from containerslib.engine import PYTHON, STATE, ContainersError
from torturelib.system import ROOT, run

MANIFESTS = os.path.join(ROOT, "Docker", "kubernetes", "wherry.yaml")
#: The members of a RabbitmqCluster that the operator's API reference has, as far as they are used. Its own schema
#: (a CustomResourceDefinition) comes with the operator and in no package.
RABBITMQ_CLUSTER = {
    "replicas": int, "image": str, "service": {"type": str, "annotations": dict}, "persistence": {"storage": str},
    "resources": dict, "tls": {"secretName": str, "caSecretName": str, "disableNonTLSListeners": bool},
    "rabbitmq": {"additionalPlugins": list, "additionalConfig": str}}
#: What the operator takes of additionalConfig.
ADDITIONAL_CONFIG_CHARACTERS_MAX = 2_000

READ_COMPOSE = "import sys; from compose_spec import PyCompose; PyCompose.from_json(sys.stdin.read()).to_spec()"
VALIDATE = """
import sys, yaml, kubernetes_validate
for document in yaml.safe_load(sys.stdin):
    kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
print(kubernetes_validate.latest_version())
"""


def everything(tell):
    """Each must pass. Returns a line for the summary."""
    dockerfiles = sorted(glob.glob(os.path.join(ROOT, "Docker", "**", "Dockerfile"), recursive=True))
    judge("hadolint", [os.path.join(PYTHON, "hadolint"), *dockerfiles])
    tell(f"hadolint: {len(dockerfiles)} Dockerfiles")
    composes = sorted(glob.glob(os.path.join(ROOT, "Docker", "compose*.yaml")))
    for file in composes:
        with open(file) as text:
            # It takes neither YAML's merges (<<) nor variables, which here have a default each.
            plain = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", json.dumps(yaml.safe_load(text)))
        judge("compose-spec", [os.path.join(PYTHON, "python"), "-c", READ_COMPOSE], plain)
        judge("podman-compose", [os.path.join(PYTHON, "podman-compose"), "--file", file, "config", "--quiet"])
    tell(f"compose-spec and podman-compose config: {len(composes)} compose files")
    tell(manifests())
    tell(prometheus())
    return ["lint     Dockerfiles, compose files, manifests and Prometheus's files are in order"]


def judge(name, command, text=None):
    result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=180, cwd=ROOT)
    if result.returncode != 0:
        raise ContainersError(f"{name}: {(result.stdout + result.stderr).strip()[-2500:]}")
    return result.stdout.strip()


def manifests():
    """Kubernetes's own kinds by its schemas, the operator's by what its reference says."""
    with open(MANIFESTS) as file:
        documents = list(yaml.safe_load_all(file))
    own = [one for one in documents if not one["apiVersion"].startswith("rabbitmq.com/")]
    version = judge("kubernetes-validate", [os.path.join(PYTHON, "python"), "-c", VALIDATE], yaml.safe_dump(own))
    clusters = [one for one in documents if one["apiVersion"] == "rabbitmq.com/v1beta1"]
    for cluster in clusters:
        hold(cluster["spec"], RABBITMQ_CLUSTER, f"RabbitmqCluster {cluster['metadata']['name']}: spec")
        if len(cluster["spec"]["rabbitmq"]["additionalConfig"]) > ADDITIONAL_CONFIG_CHARACTERS_MAX:
            raise ContainersError("additionalConfig is longer than the operator takes")
    return f"kubernetes-validate {version}: {len(own)} objects; {len(clusters)} RabbitmqClusters"


def hold(value, form, place):
    """Whether a tree has members of this form only."""
    for name, member in value.items():
        if name not in form:
            raise ContainersError(f"{place} has a member {name} that is not in the operator's reference")
        wanted = form[name]
        if isinstance(wanted, dict):
            hold(member, wanted, f"{place}.{name}")
        elif not isinstance(member, wanted):
            raise ContainersError(f"{place}.{name} is no {wanted.__name__}")


def prometheus():
    """By promtool, with the files where the compose file puts them."""
    directory = os.path.join(STATE, "prometheus")
    os.makedirs(directory, exist_ok=True)
    for name, target in (("prometheus.yml", "Docker/monitoring/prometheus.yml"),
                         ("targets.yml", "Docker/monitoring/targets.yml"), ("alerts", "Docs/alerts")):
        link = os.path.join(directory, name)
        if not os.path.lexists(link):
            os.symlink(os.path.join(ROOT, target), link)
    said = judge("promtool", [promtool(), "check", "config", os.path.join(directory, "prometheus.yml")])
    return f"promtool: {', '.join(re.findall(r'[0-9]+ rules? found', said)) or said}"


def promtool():
    """Debian's, unpacked and not installed: nothing here needs a Prometheus that runs."""
    path = os.path.join(STATE, "promtool", "usr", "bin", "promtool")
    if not os.path.exists(path):
        os.makedirs(os.path.join(STATE, "promtool"), exist_ok=True)
        if subprocess.run(["apt-get", "download", "prometheus"], cwd=STATE, capture_output=True).returncode != 0:
            run("apt-get", "update", "-qq", seconds=300)
            subprocess.run(["apt-get", "download", "prometheus"], cwd=STATE, check=True, capture_output=True,
                           timeout=300)
        archive = glob.glob(os.path.join(STATE, "prometheus_*.deb"))[0]
        run("dpkg-deb", "--extract", archive, os.path.join(STATE, "promtool"))
        os.remove(archive)
    return path
