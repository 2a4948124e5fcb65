"""The parts of Scripts/containers.

engine runs Docker or Podman; images builds; secrets_ makes keys and passwords; mesh knows the running services; feed and
watch put load on them and look things up meanwhile; checks, faults and cluster are the proofs.
"""
