/// A store under test: how the checks open it, and how they let it crash.
///
/// ```swift
/// let store = TestedStore<any EntityStore>(
///     crashing: { write in try FileStore(path, crashesAt: write) },
///     open: { try FileStore(path) })
/// ```
///
/// - `open` opens the same store once more, as another node does that reaches it: checks open it many times, up to eight
///   at once, and let former owners go on beside later ones. An opener that no check needs any more is let go; a store that
///   must be closed by a call can be noted by the closure, and closed when the check has ended.
/// - `crashing` opens it too, as a node that crashes at its `write`-th write, counted from 1 at this opening. A write is
///   whatever may be there after a crash while the next one is not: a write to a file, a sync, a rename. The write at
///   which it crashes may be there, or not, or a part of it, as after a crash on the store's medium; of later ones nothing
///   is there. From then on every call of this opener throws, whatever the error. The opening may crash itself, and throw.
///   Without this hook the checks of crashes are skipped, and say so.
public struct TestedStore<Store: Sendable>: Sendable {
    /// Opens the same store once more.
    public typealias Open = @Sendable () async throws -> Store
    /// Opens the same store once more, as a node that crashes at its n-th write, from 1.
    public typealias OpenCrashing = @Sendable (_ write: Int) async throws -> Store

    let open: Open
    let crashing: OpenCrashing?
    let excused: [String: String]

    /// Creates a description of a store.
    ///
    /// - Parameters:
    ///   - crashing: Opens the same store as a node that crashes at its n-th write, from 1.
    ///   - excused: Checks that this store need not pass, by name, each with the reason: they are reported as skipped.
    ///   - open: Opens the same store once more.
    public init(
        crashing: OpenCrashing? = nil, excused: [String: String] = [:], open: @escaping Open
    ) {
        self.open = open
        self.crashing = crashing
        self.excused = excused
    }
}
