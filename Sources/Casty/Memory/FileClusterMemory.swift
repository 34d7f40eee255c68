public import CastyCluster
public import CastyCore
public import CastyMembership
import Dispatch
import Glibc

/// Stores the memory of the cluster in a small file, one for each node, so that nodes may share a folder.
///
/// The data is written to a second file, flushed, and renamed over the first: the file is always complete, even if the
/// process or the machine crashes.
public final class FileClusterMemory: ClusterMemory {
    /// The path of the file. `PATH.new` exists beside it during a write.
    public let path: String
    private let queue = DispatchQueue(label: "casty.memory")

    /// Names the file of a node.
    ///
    /// - Parameters:
    ///   - directory: The folder; if missing, it is created with access for its owner only.
    ///   - node: The node's listening address.
    public init(directory: String, node: NodeAddress) throws {
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw ClusterMemoryError("\(directory): \(String(cString: strerror(errno)))")
        }
        let host = node.host.map { $0 == ":" || $0 == "/" ? "_" : $0 }
        path = "\(directory)/cluster-\(String(host))-\(node.port)"
    }

    /// Names the file of a node.
    ///
    /// - Parameters:
    ///   - directory: The folder; if missing, it is created with access for its owner only.
    ///   - node: The node's address as others know it, `host:port`.
    /// - Throws: ``CastyCluster/ClusterMemoryError`` where that is no address, or the folder cannot be made.
    public convenience init(directory: String, node: String) throws {
        guard let address = NodeAddress(node) else {
            throw ClusterMemoryError("\"\(node)\" is no address: it must be host:port")
        }
        try self.init(directory: directory, node: address)
    }

    /// Reads the memory from the file.
    ///
    /// - Throws: ``ClusterMemoryError`` if the file does not contain a memory, or cannot be read.
    public func recall() throws -> RememberedCluster? { try Self.read(path) }

    /// What the files of other nodes in the folder remember of a cluster.
    ///
    /// - Throws: ``ClusterMemoryError`` if the folder, or one of the files, cannot be read.
    public func neighbors(in cluster: ClusterID) throws -> RememberedCluster? {
        let directory = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        guard let folder = opendir(directory) else {
            throw ClusterMemoryError("\(directory): \(String(cString: strerror(errno)))")
        }
        defer { closedir(folder) }
        var (members, highest): (Set<NodeAddress>, UInt32) = ([], 0)
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let other = "\(directory)/\(name)"
            guard name.hasPrefix("cluster-"), !name.hasSuffix(".new"), other != path,
                let known = try Self.read(other), known.id == cluster
            else { continue }
            members.formUnion(known.members)
            highest = max(highest, known.highestUpNumber)
        }
        return members.isEmpty
            ? nil : RememberedCluster(id: cluster, members: members.sorted(), highestUpNumber: highest)
    }

    private static func read(_ path: String) throws -> RememberedCluster? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw ClusterMemoryError("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 22 {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ClusterMemoryError("\(path): \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        guard let remembered = RememberedCluster(text: String(decoding: bytes, as: UTF8.self)) else {
            throw ClusterMemoryError(
                "\(path) does not say which cluster this node was in: if you know that no other node of it runs, remove the file"
            )
        }
        return remembered
    }

    /// Writes the file asynchronously.
    public func remember(_ cluster: RememberedCluster, failed: @escaping @Sendable (String) -> Void) {
        queue.async { [path] in
            if let problem = Self.write(cluster.text, to: path) { failed("\(path): \(problem)") }
        }
    }

    /// Returns when all pending writes are done.
    package func flush() { queue.sync {} }

    private static func write(_ text: String, to path: String) -> String? {
        func problem() -> String { String(cString: strerror(errno)) }
        let beside = path + ".new"
        let descriptor = open(beside, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return problem() }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                defer { close(descriptor) }
                return problem()
            }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else {
            defer { close(descriptor) }
            return problem()
        }
        close(descriptor)
        guard rename(beside, path) == 0 else { return problem() }
        // The new name is durable only when the folder has been flushed.
        let folder = open(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)), O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
        return nil
    }
}
