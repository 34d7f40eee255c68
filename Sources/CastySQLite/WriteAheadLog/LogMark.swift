import Glibc

/// What the index beside a write-ahead log says of it: the mark outside the log of how far it was written.
///
/// SQLite raises it with each commit, after the log is on disk, in memory that it maps from the file; so it is there when
/// the process was killed, and may be older, never newer than the log, after a crash of the machine.
/// Format: https://sqlite.org/walformat.html#the_wal_index_header
struct LogMark: Hashable {
    /// How many frames were committed.
    let frames: Int
    /// How many of them are in the database too.
    let moved: Int
    /// The salts of the log, as in ``WriteAheadLog/salt``.
    let salt: UInt64
    /// The two sums of the last committed frame's checksum.
    let sums: [UInt32]
    /// Whether it was written since the machine has started, and so is no older than the log.
    let isOfThisBoot: Bool

    private static let headerSize = 48
    private static let version: UInt32 = 3_007_000

    /// - Parameters:
    ///   - path: The path of the database.
    ///   - boot: The start of the machine since which it has been running.
    /// - Returns: `nil` where there is no index, or it is not whole, as while a process recovers the log.
    init?(of database: String, boot: Boot) {
        let path = database + "-shm"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 2 * Self.headerSize + 4)
        guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count else { return nil }
        // A reader that sees two different copies has met a writer between them.
        let header = bytes[..<Self.headerSize]
        guard header.elementsEqual(bytes[Self.headerSize..<2 * Self.headerSize]) else { return nil }
        func number(_ offset: Int) -> UInt32 {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        }
        guard number(0) == Self.version, bytes[12] == 1 else { return nil }
        // Its own checksum reads numbers as the processor does.
        var own = FrameChecksum(readsBigEndian: 1.bigEndian == 1)
        own.add(header.prefix(40))
        guard own.first == number(40), own.second == number(44) else { return nil }
        frames = Int(number(16))
        sums = [number(24), number(28)]
        salt = UInt64(bytes.bigEndianNumber(at: 32)) << 32 | UInt64(bytes.bigEndianNumber(at: 36))
        moved = Int(number(2 * Self.headerSize))
        var info = stat()
        isOfThisBoot = fstat(descriptor, &info) == 0 && boot.includes(info, of: database)
    }
}
