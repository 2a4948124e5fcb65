/// One change of a load test's stream: a record is made, written again or deleted.
package struct StreamChange: Sendable, Hashable {
    package enum Action: Sendable {
        case create, update, delete
    }

    /// Of the record among those that its HIE made in this run, from 0.
    package let number: Int
    /// 1 when it is made, one more with every later change, its deletion included.
    package let version: Int
    /// Whose record it is, by number in the population.
    package let patient: Int
    package let action: Action
    let kind: Chart.Kind
    /// The date of its first version.
    let firstMark: VersionMark

    var mark: VersionMark { firstMark.adding(seconds: Int64(version - 1)) }
}
