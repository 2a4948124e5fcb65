/// The limits of one session. Every wait and buffer has one.
package struct SessionSettings: Sendable, Hashable {
    /// The `connection_name` that the broker's pages show.
    package var name: String
    /// The `user_id` of everything that is published: the user who is logged in. `nil` leaves messages as they are.
    package var userID: String?
    /// A dead peer is noticed within two to three of these. Never 0.
    package var heartbeatSeconds: UInt16
    /// For name resolution, TCP, TLS and login together.
    package var connectTimeoutSeconds: Int
    /// For one call, and for a publish that waits for room or an end of a block.
    package var callTimeoutSeconds: Int
    package var closeTimeoutSeconds: Int
    /// 4,096 at least; the broker may ask for less.
    package var frameSizeMaxBytes: Int
    /// Messages published and not yet settled by the broker.
    package var publishWindowMax: Int
    /// Settlements that wait for `nextSettlements`; publishing suspends at this number.
    package var settlementsMax: Int
    /// A longer delivery arrives truncated; a longer message is refused by publish.
    package var bodySizeMaxBytes: Int

    package init(
        name: String,
        userID: String? = nil,
        heartbeatSeconds: UInt16 = 10,
        connectTimeoutSeconds: Int = 10,
        callTimeoutSeconds: Int = 10,
        closeTimeoutSeconds: Int = 5,
        frameSizeMaxBytes: Int = 131_072,
        publishWindowMax: Int = 256,
        settlementsMax: Int = 65_536,
        bodySizeMaxBytes: Int = 16 * 1_024 * 1_024
    ) {
        self.name = name
        self.userID = userID
        self.heartbeatSeconds = heartbeatSeconds
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.callTimeoutSeconds = callTimeoutSeconds
        self.closeTimeoutSeconds = closeTimeoutSeconds
        self.frameSizeMaxBytes = frameSizeMaxBytes
        self.publishWindowMax = publishWindowMax
        self.settlementsMax = settlementsMax
        self.bodySizeMaxBytes = bodySizeMaxBytes
    }
}
