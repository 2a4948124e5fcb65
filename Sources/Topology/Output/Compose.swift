import CareRecord

/// A deployment as a Compose file (compose-spec.io): every broker and every worker in a container, for one machine.
///
/// Each region has a network for its broker and its workers, and one for its broker and everybody else's workers: the
/// link, which is what parts the region from the others when it is cut.
package struct Compose: Sendable, CustomStringConvertible {
    /// Where workers listen inside.
    static let httpPort = 8080
    /// Where the first worker is published on loopback; the others follow in file order.
    package static let publishedPortFirst = 8081

    /// The account that declares things. No HIE's identifier has a dot, so no worker's certificate logs in as it.
    package static let operatorName = "wherry.operator"

    private let deployment: Deployment

    package init(_ deployment: Deployment) {
        self.deployment = deployment
    }

    package var description: String {
        var lines = [Self.head(deployment), "services:"]
        for region in deployment.regions {
            for node in region.nodes { lines += broker(node, of: region) }
        }
        for (number, seat) in deployment.seats.enumerated() {
            lines += worker(seat, port: Self.publishedPortFirst + number)
        }
        lines += [setup, Self.monitoring(regions: deployment.regions.map(\.name))]
        lines += networks + volumes + secrets
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Services

    private func broker(_ node: (name: String, host: String), of region: Deployment.Region) -> [String] {
        var lines = [
            "  broker-\(node.name):",
            "    <<: *broker",
            "    environment:",
            "      RABBITMQ_NODENAME: rabbit@\(node.name)",
        ]
        if !region.isCluster {
            lines += [
                "      # Nodes of a cluster talk to one another; this one talks to itself alone.",
                "      ERL_EPMD_ADDRESS: 127.0.0.1",
                "      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: -kernel inet_dist_use_interface {127,0,0,1}",
            ]
        }
        lines += [
            "    extra_hosts: [\"\(node.name):127.0.0.1\"]",
            "    networks:",
            "      \(region.name): {aliases: [\(node.host)]}",
            "      \(region.name)-link: {aliases: [\(node.host)]}",
        ]
        if region.isCluster { lines.append("      \(region.name)-nodes: {aliases: [\(node.name)]}") }
        lines += [
            "    secrets:",
            "      - ca.pem",
            "      - {source: broker-\(region.name).pem, target: broker.pem}",
            "      - {source: broker-\(region.name).key, target: broker.key}",
            "      - {source: operator.conf, target: /etc/rabbitmq/conf.d/92-operator.conf}",
        ]
        if region.isCluster {
            lines.append("      - {source: erlang.cookie, target: /var/lib/rabbitmq/.erlang.cookie}")
        }
        lines += [
            "    volumes:",
            "      - ./rabbitmq/enabled_plugins:/etc/rabbitmq/enabled_plugins:ro",
            "      - ./rabbitmq/wherry.conf:/etc/rabbitmq/conf.d/90-wherry.conf:ro",
        ]
        if region.isCluster {
            lines.append(
                "      - ./rabbitmq/cluster-\(region.name).conf:/etc/rabbitmq/conf.d/91-cluster.conf:ro")
        }
        return lines + ["      - broker-\(node.name):/var/lib/rabbitmq", ""]
    }

    private func worker(_ seat: Seat, port: Int) -> [String] {
        let networks = deployment.regions.map { $0.seats.contains(seat) ? $0.name : "\($0.name)-link" }
        let replica = seat.replica.map { " --replica, \($0)," } ?? ""
        return [
            "  worker-\(seat):",
            "    <<: *worker",
            "    command: [worker, --hie, \(seat.hie),\(replica) --topology, /etc/wherry/\(deployment.file),",
            "      --data, /var/lib/wherry,",
            "      --listen, \"0.0.0.0:\(Self.httpPort)\", --tls-ca, /run/secrets/ca.pem,",
            "      --tls-cert, /run/secrets/hie.pem, --tls-key, /run/secrets/hie.key]",
            "    networks: [\(networks.joined(separator: ", "))]",
            "    ports: [\"127.0.0.1:\(port):\(Self.httpPort)\"]",
            "    secrets:",
            "      - ca.pem",
            "      - {source: hie-\(seat.hie).pem, target: hie.pem}",
            "      - {source: hie-\(seat.hie).key, target: hie.key}",
            "    volumes:",
            "      - ../Topology:/etc/wherry:ro",
            "      - worker-\(seat):/var/lib/wherry",
            "",
        ]
    }

    private var setup: String {
        """
          # docker compose run --rm topology: the broker objects of the mesh. Doing it again changes nothing.
          topology:
            <<: *hardened
            image: *image
            profiles: [setup]
            restart: "no"
            mem_limit: 256m
            command: [topology, apply, --topology, /etc/wherry/\(deployment.file), --broker-user, \(Self.operatorName),
              --broker-password-file, /run/secrets/operator.password, --tls-ca, /run/secrets/ca.pem,
              --tls-cert, /run/secrets/operator.pem, --tls-key, /run/secrets/operator.key]
            networks: [\(deployment.regions.map(\.name).joined(separator: ", "))]
            secrets: [ca.pem, operator.password, operator.pem, operator.key]
            volumes: ["../Topology:/etc/wherry:ro"]

        """
    }

    // MARK: What services share

    private var networks: [String] {
        ["networks:"]
            + deployment.regions.flatMap { region in
                ["  \(region.name): {}", "  \(region.name)-link: {internal: true}"]
                    + (region.isCluster ? ["  \(region.name)-nodes: {internal: true}"] : [])
            } + ["  monitoring: {}", ""]
    }

    private var volumes: [String] {
        ["volumes:"]
            + deployment.regions.flatMap(\.nodes).map { "  broker-\($0.name): {}" }
            + deployment.seats.map { "  worker-\($0): {}" } + ["  prometheus: {}", "  grafana: {}", ""]
    }

    private var secrets: [String] {
        var files = [("ca.pem", "ca.pem")]
        for region in deployment.regions {
            files += ["pem", "key"].map { ("broker-\(region.name).\($0)", "brokers/\(region.name).\($0)") }
        }
        for hie in deployment.hies {
            files += ["pem", "key"].map { ("hie-\(hie).\($0)", "hies/\(hie).\($0)") }
        }
        files += ["operator.conf", "operator.password", "operator.pem", "operator.key"].map { ($0, $0) }
        if deployment.regions.contains(where: \.isCluster) { files.append(("erlang.cookie", "erlang.cookie")) }
        files.append(("grafana.password", "grafana.password"))
        return ["secrets:"] + files.map { "  \($0.0): {file: ./secrets/\($0.1)}" }
    }
}
