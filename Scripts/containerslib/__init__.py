"""The parts of Scripts/containers.

engine runs Docker or Podman; images builds; keys makes certificates and passwords; mesh knows the running services;
feed and watch put load on them and look things up meanwhile; checks, faults and smoke are the proofs, lint is other
people's; runner has the verbs.
"""
