import Glibc

/// A write-ahead log of SQLite, read to find how much of it is whole.
///
/// Each frame of the log has a checksum that continues that of the frame before it. SQLite recovers the frames up to the
/// first wrong one and discards the rest without an error, because it cannot tell damage from a write that a crash cut
/// short. Formats: https://sqlite.org/fileformat2.html#the_write_ahead_log
struct WriteAheadLog {
    /// The random numbers of the log's present round, as in its header.
    let salt: UInt64
    /// How many frames from the first one on are whole, as far as was read.
    private(set) var frames = 0
    /// The checksum of the last of them.
    private(set) var checksum: FrameChecksum

    private static let headerSize = 32
    private static let frameHeaderSize = 24

    /// Reads the log until its frames end, or `limit` of them are whole.
    ///
    /// - Returns: `nil` where there is no log, or its header is not whole.
    init?(path: String, frames limit: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var reader = FileReader(descriptor)
        guard let header = reader.next(Self.headerSize) else { return nil }
        // The last bit of the first number says in which order checksums read bytes.
        let magic = header.bigEndianNumber(at: 0)
        guard magic & ~1 == 0x377f_0682 else { return nil }
        checksum = FrameChecksum(readsBigEndian: magic & 1 == 1)
        checksum.add(header[..<24])
        guard checksum.matches(header, at: 24) else { return nil }
        salt = UInt64(header.bigEndianNumber(at: 16)) << 32 | UInt64(header.bigEndianNumber(at: 20))
        let pageSize = Int(header.bigEndianNumber(at: 8))
        guard pageSize >= 512, pageSize <= 65_536, pageSize & (pageSize - 1) == 0 else { return nil }
        while frames < limit, let frame = reader.next(Self.frameHeaderSize + pageSize) {
            var next = checksum
            next.add(frame[..<8])
            next.add(frame[Self.frameHeaderSize...])
            let frameSalt = UInt64(frame.bigEndianNumber(at: 8)) << 32 | UInt64(frame.bigEndianNumber(at: 12))
            guard frameSalt == salt, next.matches(frame, at: 16) else { break }
            checksum = next
            frames += 1
        }
    }
}

/// The running checksum of a write-ahead log: two sums over pairs of numbers of four bytes.
struct FrameChecksum: Hashable {
    var first: UInt32 = 0
    var second: UInt32 = 0
    let readsBigEndian: Bool

    /// - Parameter bytes: A multiple of eight.
    mutating func add(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { bytes in
            for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
                var one = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                var other = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
                if readsBigEndian { (one, other) = (one.byteSwapped, other.byteSwapped) }
                first = first &+ one &+ second
                second = second &+ other &+ first
            }
        }
    }

    /// Whether the checksum in these bytes is this one. It is always written with the high byte first.
    func matches(_ bytes: [UInt8], at offset: Int) -> Bool {
        bytes.bigEndianNumber(at: offset) == first && bytes.bigEndianNumber(at: offset + 4) == second
    }
}

extension [UInt8] {
    /// The number in the four bytes from here, the high byte first.
    func bigEndianNumber(at offset: Int) -> UInt32 {
        self[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Reads a file from its start in large steps.
private struct FileReader {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)
    private var used = 0
    private var filled = 0

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The next bytes; `nil` where the file has fewer.
    mutating func next(_ count: Int) -> [UInt8]? {
        while filled - used < count {
            buffer.replaceSubrange(0..<filled - used, with: buffer[used..<filled])
            (used, filled) = (0, filled - used)
            let free = buffer.count - filled
            let size = buffer.withUnsafeMutableBytes { bytes in
                read(descriptor, bytes.baseAddress?.advanced(by: filled), free)
            }
            if size < 0, errno == EINTR { continue }
            guard size > 0 else { return nil }
            filled += size
        }
        defer { used += count }
        return Array(buffer[used..<used + count])
    }
}
