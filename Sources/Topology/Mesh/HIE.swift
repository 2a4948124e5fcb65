package import CareRecord

/// One health information exchange of the topology.
package struct HIE: Sendable, Hashable {
    package enum Status: String, Sendable, CaseIterable {
        /// It has queues and a worker.
        case connected
        /// It is to join later: shown in every coverage, and has no queues yet.
        case planned
    }

    package let id: HIEIdentifier
    package let name: String
    /// The identifier of its ``Region``.
    package let region: String
    package let status: Status
    package let sites: [Site]
    /// Only what the file says; ``share(_:)`` fills in the default.
    package let shares: [Category: Share]
    /// Its read replicas, in file order, each name once.
    package let replicas: [ReplicaName]

    package init(
        id: HIEIdentifier, name: String, region: String, status: Status, sites: [Site],
        shares: [Category: Share] = [:], replicas: [ReplicaName] = []
    ) {
        self.id = id
        self.name = name
        self.region = region
        self.status = status
        self.sites = sites
        self.shares = shares
        self.replicas = replicas
    }

    /// How much of a category this HIE shares with its peers' indexes: the whole entry unless the file says otherwise.
    package func share(_ category: Category) -> Share { shares[category] ?? .entry }

    /// Its workers: the primary, then the replicas.
    package var seats: [Seat] { [Seat(id)] + replicas.map { Seat(id, replica: $0) } }

    var connected: HIE {
        HIE(
            id: id, name: name, region: region, status: .connected, sites: sites, shares: shares, replicas: replicas)
    }
}

/// A connected service of an HIE.
package struct Site: Sendable, Hashable {
    /// What kind of care the site gives.
    package enum Service: String, Sendable, CaseIterable {
        case acute
        case mentalHealth = "mental-health"
        case community
        case nhs111 = "nhs-111"
        case socialCare = "social-care"
        case generalPractice = "gp"
    }

    /// How the shared record is reached there.
    package enum Access: String, Sendable, CaseIterable {
        /// The site's records are part of the mesh.
        case record
        /// The site's staff look in by an in-context link only.
        case link
    }

    package let name: String
    package let service: Service
    package let access: Access

    package init(name: String, service: Service, access: Access) {
        self.name = name
        self.service = service
        self.access = access
    }
}
