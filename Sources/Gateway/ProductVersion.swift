/// The version of Wherry that this is (semver.org).
package enum ProductVersion {
    package static let text = "0.1.0"
}
