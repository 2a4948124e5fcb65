import Foundation
import TestSupport
import Testing
import Topology

@Suite("What containers are made of a topology")
struct DeploymentTests {
    private static func deployment(_ name: String) throws -> Deployment {
        let file = "\(name).yaml"
        return try Deployment(try Topology.load(path: "\(packageDirectory)/Topology/\(file)"), file: file)
    }

    private static func committed(_ path: String) throws -> String {
        try String(contentsOfFile: "\(packageDirectory)/Docker/\(path)", encoding: .utf8)
    }

    @Test(
        "the committed compose files are the exports of their topologies",
        arguments: [("onelondon-complete", "compose.yaml"), ("onelondon-cluster", "compose.cluster.yaml")])
    func compose(topology: String, file: String) throws {
        #expect(try Self.committed(file) == Compose(try Self.deployment(topology)).description)
    }

    @Test("so are the manifests, the cluster's configuration and the targets of Prometheus")
    func others() throws {
        let london = try Self.deployment("onelondon-complete")
        let text = try Topology.text(path: "\(packageDirectory)/Topology/onelondon-complete.yaml")
        #expect(try Self.committed("kubernetes/wherry.yaml") == Kubernetes(london, text: text).description)
        #expect(try Self.committed("monitoring/targets.yml") == ScrapeTargets(london).description)
        let cluster = try #require(try Self.deployment("onelondon-cluster").regions.first { $0.isCluster })
        #expect(try Self.committed("rabbitmq/cluster-nel.conf") == ClusterConfiguration(cluster).description)
    }

    @Test("a worker is in its region's network and at the links of all others, and published on loopback alone")
    func workers() throws {
        let text = Compose(try Self.deployment("onelondon-complete")).description
        let kingston = try #require(text.split(separator: "  worker-kingston:\n").dropFirst().first)
        #expect(kingston.contains("networks: [nel-link, sel-link, swl, ncl-link, nwl-link]\n"))
        let ports = text.split(separator: "\n").filter { $0.contains("ports: [") }
        #expect(ports.count == 12 && ports.allSatisfy { $0.contains("[\"127.0.0.1:") })
        #expect(Set(ports).count == ports.count)
    }

    @Test("nothing secret is in the environment, and every secret is a file of the folder that git leaves out")
    func secrets() throws {
        let text = Compose(try Self.deployment("onelondon-cluster")).description
        for line in text.split(separator: "\n") where line.contains("PASSWORD") || line.contains("COOKIE") {
            #expect(line.contains("/run/secrets/"), "\(line)")
        }
        let files = text.split(separator: "\n").filter { $0.contains("{file: ") }
        #expect(files.count > 30 && files.allSatisfy { $0.contains("{file: ./secrets/") })
        let ignored = try String(contentsOfFile: "\(packageDirectory)/.gitignore", encoding: .utf8)
        #expect(ignored.contains("Docker/secrets/\n"))
    }

    @Test("a broker has a node for each address; only the nodes of a cluster know of others")
    func nodes() throws {
        let cluster = Compose(try Self.deployment("onelondon-cluster")).description
        let nodes = cluster.matches(of: /\n  broker-(nel[^.\s]*):/).map { String($0.output.1) }
        // Once as a service, once as a volume.
        #expect(nodes == ["nel-1", "nel-2", "nel-3", "nel-1", "nel-2", "nel-3"])
        #expect(cluster.contains("nel-nodes: {aliases: [nel-2]}"))
        #expect(cluster.matches(of: /inet_dist_use_interface/).count == 4)
        #expect(!Compose(try Self.deployment("onelondon-complete")).description.contains("erlang.cookie"))
    }

    @Test("a read replica has a container of its own, with its HIE's certificate")
    func replicas() throws {
        let yaml = """
            name: T
            regions:
              - id: nel
                name: N
                partnership: P
                broker: {addresses: ["amqps://broker.nel.example:5671"]}
                hies: [{id: a, name: A, status: connected, replicas: [x], sites: [{name: S, service: gp}]}]
            """
        let deployment = try Deployment(try Topology.parse(yaml: yaml, file: "t"), file: "t.yaml")
        let compose = Compose(deployment).description
        let replica = try #require(compose.split(separator: "  worker-a.x:\n").dropFirst().first)
        #expect(replica.contains("[worker, --hie, a, --replica, x,") && replica.contains("source: hie-a.key"))
        #expect(compose.contains("\n  worker-a.x: {}\n") && !compose.contains("{file: ./secrets/hies/a.x"))
        #expect(ScrapeTargets(deployment).description.contains("worker-a.x:8080"))
        let manifests = Kubernetes(deployment, text: yaml).description
        #expect(manifests.contains("name: worker-a--x\n") && manifests.contains("secretName: hie-a-tls"))
    }

    @Test("planned HIEs, and regions with nobody else, have no container")
    func planned() throws {
        let text = Compose(try Self.deployment("onelondon")).description
        #expect(text.contains("worker-barts:") && !text.contains("worker-imperial") && !text.contains("broker-nwl"))
    }

    @Test(
        "an address at which no broker of ours would listen is refused, with what to write",
        arguments: [
            ("amqp://broker.nel.example:5672", "amqps at port 5671"),
            ("amqps://broker.nel.example:5672", "amqps at port 5671"),
            ("amqps://10.0.0.1:5671", "host name"), ("amqps://broker.sel.example:5671", "its own host name"),
        ])
    func refused(address: String, remedy: String) throws {
        // Another management API keeps two regions with one address from being one broker's.
        let yaml = """
            name: T
            regions:
              - id: nel
                name: N
                partnership: P
                broker: {addresses: ["\(address)"], management: "https://other:15671"}
                hies: [{id: a, name: A, status: connected, sites: [{name: S, service: gp}]}]
              - id: sel
                name: N
                partnership: P
                broker: {addresses: ["amqps://broker.sel.example:5671"]}
                hies: [{id: b, name: B, status: connected, sites: [{name: S, service: gp}]}]
            """
        let topology = try Topology.parse(yaml: yaml, file: "t")
        let error = try #require(throws: TopologyError.self) { try Deployment(topology, file: "t.yaml") }
        #expect(error.description.contains(remedy), "\(error)")
    }
}
