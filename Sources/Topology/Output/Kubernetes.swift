import CareRecord

/// A deployment as Kubernetes manifests: a StatefulSet for each worker, and for each region a RabbitMQ of the RabbitMQ
/// cluster operator (rabbitmq.com, `v1beta1`).
///
/// Keys come from Secrets that are not part of it: `wherry-ca` (`ca.crt`), and for every HIE and every region one of
/// the type `kubernetes.io/tls`.
package struct Kubernetes: Sendable, CustomStringConvertible {
    private static let listenPort = 8080

    private let deployment: Deployment
    /// The topology file as it was written.
    private let text: String

    /// `text` is what the topology file says.
    package init(_ deployment: Deployment, text: String) {
        self.deployment = deployment
        self.text = text
    }

    package var description: String {
        let documents =
            [Self.namespace, topology] + deployment.regions.map(broker) + [Self.access]
            + deployment.seats.flatMap { [service($0), worker($0)] }
        return head + documents.joined(separator: "---\n")
    }

    private var head: String {
        """
        # The mesh of Topology/\(deployment.file) in one cluster: take of it what runs in yours.
        #
        # Made by: wherry topology export --format kubernetes --topology Topology/\(deployment.file)
        # Before it: the RabbitMQ cluster operator, and the Secrets that it names:
        #   kubectl -n wherry create secret generic wherry-ca --from-file=ca.crt=ca.pem
        #   kubectl -n wherry create secret tls broker-\(deployment.regions[0].name)-tls \
        --cert=brokers/\(deployment.regions[0].name).pem --key=brokers/\(deployment.regions[0].name).key
        #   kubectl -n wherry create secret tls hie-\(deployment.hies[0])-tls \
        --cert=hies/\(deployment.hies[0]).pem --key=hies/\(deployment.hies[0]).key
        # After it, wherry topology apply with the account in the Secret \(deployment.regions[0].name)-default-user.

        """
    }

    private var topology: String {
        // An empty line needs no indentation; the indicator lets the first line begin with a blank.
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.isEmpty == true { lines.removeLast() }
        return """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: topology, namespace: wherry}
            data:
              topology.yaml: |2
            \(lines.map { $0.isEmpty ? "" : "    \($0)" }.joined(separator: "\n"))

            """
    }

    /// The names of the topology lead to the broker's service: external-dns, or whoever keeps the zone, sees to that.
    private func broker(_ region: Deployment.Region) -> String {
        """
        apiVersion: rabbitmq.com/v1beta1
        kind: RabbitmqCluster
        metadata: {name: \(region.name), namespace: wherry}
        spec:
          replicas: \(region.hosts.count)
          image: docker.io/library/rabbitmq:4.1-management
          service:
            type: LoadBalancer
            annotations:
              external-dns.alpha.kubernetes.io/hostname: \(region.hosts.joined(separator: ","))
          persistence: {storage: 20Gi}
          resources:
            requests: {cpu: 500m, memory: 1Gi}
            limits: {memory: 1Gi}
          tls: {secretName: broker-\(region.name)-tls, caSecretName: wherry-ca, disableNonTLSListeners: true}
          rabbitmq:
            additionalPlugins: [rabbitmq_auth_mechanism_ssl]
            additionalConfig: |
              ssl_options.fail_if_no_peer_cert = true
              ssl_options.versions.1 = tlsv1.3
              ssl_options.versions.2 = tlsv1.2
              auth_mechanisms.1 = EXTERNAL
              auth_mechanisms.2 = PLAIN
              ssl_cert_login_from = common_name

        """
    }

    private func service(_ seat: Seat) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata:
          name: \(Self.name(seat))
          namespace: wherry
          labels: {app.kubernetes.io/name: wherry, wherry.worker: \(seat)}
        spec:
          selector: {app.kubernetes.io/name: wherry, wherry.worker: \(seat)}
          ports: [{name: http, port: 80, targetPort: http}]

        """
    }

    private func worker(_ seat: Seat) -> String {
        let replica = seat.replica.map { " --replica, \($0)," } ?? ""
        return """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata:
              name: \(Self.name(seat))
              namespace: wherry
              labels: {app.kubernetes.io/name: wherry, wherry.worker: \(seat)}
            spec:
              serviceName: \(Self.name(seat))
              # One worker to a data directory: more of them are read replicas of the topology, each with its own.
              replicas: 1
              selector:
                matchLabels: {app.kubernetes.io/name: wherry, wherry.worker: \(seat)}
              template:
                metadata:
                  labels: {app.kubernetes.io/name: wherry, wherry.worker: \(seat)}
                  annotations: {prometheus.io/scrape: "true", prometheus.io/port: "\(Self.listenPort)"}
                spec:
                  automountServiceAccountToken: false
                  terminationGracePeriodSeconds: 15
                  securityContext:
                    runAsNonRoot: true
                    runAsUser: 10001
                    runAsGroup: 10001
                    fsGroup: 10001
                    seccompProfile: {type: RuntimeDefault}
                  containers:
                    - name: worker
                      image: wherry/worker:latest
                      args: [worker, --hie, \(seat.hie),\(replica) --topology, /etc/wherry/topology.yaml,
                        --data, /var/lib/wherry,
                        --listen, "0.0.0.0:\(Self.listenPort)", --tls-ca, /run/secrets/ca/ca.crt,
                        --tls-cert, /run/secrets/hie/tls.crt, --tls-key, /run/secrets/hie/tls.key]
                      ports: [{name: http, containerPort: \(Self.listenPort)}]
                      livenessProbe:
                        httpGet: {path: /livez, port: http}
                        periodSeconds: 15
                        timeoutSeconds: 5
                      readinessProbe:
                        httpGet: {path: /readyz, port: http}
                        periodSeconds: 5
                        timeoutSeconds: 5
                      resources:
                        requests: {cpu: 250m, memory: 256Mi}
                        limits: {memory: 768Mi}
                      securityContext:
                        allowPrivilegeEscalation: false
                        readOnlyRootFilesystem: true
                        capabilities: {drop: [ALL]}
                      volumeMounts:
                        - {name: data, mountPath: /var/lib/wherry}
                        - {name: topology, mountPath: /etc/wherry, readOnly: true}
                        - {name: ca, mountPath: /run/secrets/ca, readOnly: true}
                        - {name: hie, mountPath: /run/secrets/hie, readOnly: true}
                        - {name: tmp, mountPath: /tmp}
                  volumes:
                    - {name: topology, configMap: {name: topology}}
                    - {name: ca, secret: {secretName: wherry-ca, defaultMode: 0440}}
                    - {name: hie, secret: {secretName: hie-\(seat.hie)-tls, defaultMode: 0440}}
                    - {name: tmp, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
              volumeClaimTemplates:
                - metadata: {name: data}
                  spec:
                    accessModes: [ReadWriteOnce]
                    resources: {requests: {storage: 20Gi}}

            """
    }

    /// Names of pods have no full stop.
    private static func name(_ seat: Seat) -> String {
        "worker-" + (seat.replica.map { "\(seat.hie)--\($0)" } ?? seat.hie.text)
    }

    private static let namespace = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: wherry}

        """

    /// A worker asks for no credentials: only who is let through here reaches it.
    private static let access = """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: workers, namespace: wherry}
        spec:
          podSelector: {matchLabels: {app.kubernetes.io/name: wherry}}
          policyTypes: [Ingress]
          ingress:
            # Label the pods of your gateway, and of Prometheus, with wherry.client: "true".
            - from: [{podSelector: {matchLabels: {wherry.client: "true"}}}]
              ports: [{protocol: TCP, port: \(listenPort)}]

        """
}
