/// What goes wrong in a simulated world. Each ends by itself, or with the faulty time.
package enum Fault: String, Sendable, CaseIterable {
    /// A worker dies between any two effects, and starts again.
    case crash
    /// A machine dies: what was not synced is gone.
    case powerCut = "power-cut"
    /// A broker dies with all that is not persistent, and comes back.
    case brokerRestart = "broker-restart"
    /// A worker and a broker do not reach each other.
    case partition
    /// A broker loses messages that it has confirmed.
    case loss
    /// Messages arrive twice.
    case duplication
    /// Messages arrive in another order.
    case reordering
    /// Everything takes long.
    case delay
    /// Lines of messages arrive so that they cannot be read: they are parked, and replayed or discarded later.
    case corruption
    /// A peer answers after its askers have given up.
    case slowPeer = "slow-peer"
    /// A broker takes no messages.
    case alarm
    /// Nothing can be written to an index.
    case diskFull = "disk-full"
    /// An HIE's records, and perhaps its index, are those of an earlier time.
    case restoredBackup = "restored-backup"
    /// An HIE's records are gone.
    case newDisk = "new-disk"
    /// An index is gone.
    case lostIndex = "lost-index"
    /// A row of an index was changed behind its back.
    case tampering
    /// A clock jumps.
    case clockJump = "clock-jump"
    /// An HIE joins.
    case join
    /// A subscriber's queue is emptied.
    case purge
}
