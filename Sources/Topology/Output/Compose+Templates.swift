extension Compose {
    /// What comes before the services: where the file comes from, and what brokers and workers have in common.
    static func head(_ deployment: Deployment) -> String {
        """
        # The mesh of Topology/\(deployment.file) on one machine, to try it out and to break it: \
        \(deployment.regions.count) regions and
        # \(deployment.hies.count) HIEs, each in a container. In earnest every HIE runs its own worker on its own host.
        #
        # Made by: wherry topology export --format compose --topology Topology/\(deployment.file)
        # Change the topology and make it again, rather than this file.
        #
        # Scripts/containers brings it up. By hand, from the folder Docker: put certificates and passwords into secrets,
        # docker compose up --detach, docker compose run --rm topology.
        name: wherry

        x-hardened: &hardened
          read_only: true
          cap_drop: [ALL]
          security_opt: [no-new-privileges]
          restart: unless-stopped
          pids_limit: 500
          logging: {driver: json-file, options: {max-size: 10m}}

        x-broker: &broker
          <<: *hardened
          image: docker.io/library/rabbitmq:4.1-management
          user: "999:999"
          tmpfs: [/tmp, /var/log/rabbitmq]
          mem_limit: 1g
          stop_grace_period: 30s
          healthcheck:
            test: [CMD, rabbitmq-diagnostics, -q, check_running]
            interval: 30s
            timeout: 20s
            start_period: 60s

        x-image: &image ${WHERRY_IMAGE:-wherry/worker:latest}

        # Its health check comes with the image.
        x-worker: &worker
          <<: *hardened
          image: *image
          tmpfs: [/tmp]
          mem_limit: 768m
          stop_grace_period: 15s

        """
    }

    /// Prometheus and Grafana, which are there only where they are asked for.
    static func monitoring(regions: [String]) -> String {
        """
          # docker compose --profile monitoring up --detach
          prometheus:
            <<: *hardened
            image: docker.io/prom/prometheus:v3.5.0
            profiles: [monitoring]
            user: "65534:65534"
            mem_limit: 1g
            command: [--config.file=/etc/prometheus/prometheus.yml, --storage.tsdb.path=/prometheus,
              --storage.tsdb.retention.time=30d]
            networks: [monitoring, \(regions.joined(separator: ", "))]
            ports: ["127.0.0.1:9090:9090"]
            volumes:
              - ./monitoring/prometheus.yml:/etc/prometheus/prometheus.yml:ro
              - ./monitoring/targets.yml:/etc/prometheus/targets.yml:ro
              - ../Docs/alerts:/etc/prometheus/alerts:ro
              - prometheus:/prometheus

          grafana:
            <<: *hardened
            image: docker.io/grafana/grafana:12.1.0
            profiles: [monitoring]
            user: "472:0"
            mem_limit: 512m
            tmpfs: [/tmp]
            environment:
              GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/grafana.password
              GF_ANALYTICS_REPORTING_ENABLED: "false"
              GF_ANALYTICS_CHECK_FOR_UPDATES: "false"
            networks: [monitoring]
            ports: ["127.0.0.1:3000:3000"]
            secrets: [grafana.password]
            volumes:
              - ./monitoring/grafana/datasources:/etc/grafana/provisioning/datasources:ro
              - ./monitoring/grafana/dashboards.yml:/etc/grafana/provisioning/dashboards/wherry.yml:ro
              - ./monitoring/grafana/dashboards:/var/lib/grafana-dashboards:ro
              - grafana:/var/lib/grafana

        """
    }
}
