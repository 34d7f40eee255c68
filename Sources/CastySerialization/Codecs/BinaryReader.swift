/// The bytes of one message, and functions to find values in them. Every index is checked against the end of the
/// enclosing container.
///
/// A reader serves one message after another. The bytes are the caller's; a decoder that outlives the call keeps a copy.
final class BinaryReader {
    /// Why bytes cannot be read as the requested type.
    enum Problem: Error {
        case malformed
        /// There is a value of another kind.
        case mismatch
        /// There is nil.
        case null
        /// There is a number that the type cannot hold.
        case outOfRange
        case tooDeep
    }

    // Unchecked: one call on one thread uses a reader, and no access overlaps another.
    @exclusivity(unchecked) private(set) var userInfo: CodingContext.Erased
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var base: UnsafeRawPointer?
    /// A copy of the bytes, for decoders that outlive the call.
    @exclusivity(unchecked) private var copy: UnsafeMutableRawPointer?
    /// The containers that earlier values were read through, for the next value with the same keys.
    @exclusivity(unchecked) var containers: [KeyedContainer<BinaryKeyedDecodingState>] = []

    /// The container whose next entry is known, by the index of its content, and the index of that entry: fields are
    /// mostly requested in the order in which they were written.
    @exclusivity(unchecked) private var hintContainer = -1
    @exclusivity(unchecked) private var hintIndex = 0
    /// The first problem found by a call that cannot throw.
    @exclusivity(unchecked) private(set) var failure: Problem?

    init(_ context: CodingContext) { userInfo = context.erased }

    deinit { copy?.deallocate() }

    /// Begins to read a message.
    func begin(_ bytes: UnsafeRawBufferPointer, _ context: CodingContext) {
        if userInfo !== context.erased { userInfo = context.erased }
        base = bytes.baseAddress
        count = bytes.count
        hintContainer = -1
        failure = nil
    }

    /// Keeps the bytes for decoders that outlive the call.
    func keepBytes() {
        guard let base, count > 0 else { return }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 8)
        memory.copyMemory(from: base, byteCount: count)
        copy = memory
        self.base = UnsafeRawPointer(memory)
    }

    /// Forgets the bytes.
    func forgetBytes() {
        base = nil
        count = 0
    }

    func note(_ problem: Problem) { failure = failure ?? problem }

    // MARK: Bytes

    @inline(__always)
    private func byte(_ position: Int) -> UInt8 {
        // Every caller has compared the index with an end that is at most `count`, so the memory exists.
        base.unsafelyUnwrapped.load(fromByteOffset: position, as: UInt8.self)
    }

    @inline(__always)
    func tag(at position: Int, end: Int) throws(Problem) -> UInt8 {
        guard position < end else { throw .malformed }
        return byte(position)
    }

    @inline(__always)
    private func varint(at position: Int, end: Int) throws(Problem) -> (value: Int, next: Int) {
        guard position < end else { throw .malformed }
        let first = byte(position)
        if first < 0x80 { return (Int(first), position + 1) }
        return try longVarint(first, at: position, end: end)
    }

    /// Lengths and indices are below 2³⁵, so five bytes are enough.
    private func longVarint(_ first: UInt8, at position: Int, end: Int) throws(Problem) -> (value: Int, next: Int) {
        var value = Int(first & 0x7F)
        for index in 1..<5 {
            guard position + index < end else { throw .malformed }
            let next = byte(position + index)
            value |= Int(next & 0x7F) << (7 * index)
            if next < 0x80 { return (value, position + index + 1) }
        }
        throw .malformed
    }

    /// Bytes that follow their length.
    @inline(__always)
    private func counted(at position: Int, end: Int) throws(Problem) -> Range<Int> {
        let (size, next) = try varint(at: position, end: end)
        guard size <= end - next else { throw .malformed }
        return next..<next + size
    }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base.map { $0 + range.lowerBound }, count: range.count)
    }

    // MARK: Structure

    /// The range of the content of a container.
    func content(of kind: UInt8, at position: Int, end: Int) throws(Problem) -> Range<Int> {
        let tag = try tag(at: position, end: end)
        guard tag == kind else { throw tag == BinaryFormat.null ? .null : .mismatch }
        return try containerContent(at: position, end: end)
    }

    @inline(__always)
    private func containerContent(at position: Int, end: Int) throws(Problem) -> Range<Int> {
        let start = position + BinaryFormat.containerHead
        guard let base, start <= end else { throw .malformed }
        let size = Int(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: position + 1, as: UInt32.self)))
        guard size <= end - start else { throw .malformed }
        return start..<start + size
    }

    /// The index after a value.
    func skip(at position: Int, end: Int) throws(Problem) -> Int {
        let tag = try tag(at: position, end: end)
        let next: Int
        switch tag {
        case BinaryFormat.smallNumber...: return position + 1
        case BinaryFormat.shortText..<BinaryFormat.smallNumber: next = position + 1 + Int(tag - BinaryFormat.shortText)
        case BinaryFormat.positive..<BinaryFormat.negative + 8: next = position + 2 + Int(tag & 7)
        case BinaryFormat.null...BinaryFormat.yes: return position + 1
        case BinaryFormat.float: next = position + 5
        case BinaryFormat.double: next = position + 9
        case BinaryFormat.text, BinaryFormat.bytes: return try counted(at: position + 1, end: end).upperBound
        case BinaryFormat.keyed, BinaryFormat.unkeyed: return try containerContent(at: position, end: end).upperBound
        default: throw .malformed
        }
        guard next <= end else { throw .malformed }
        return next
    }

    /// The bytes of the key at an index, and the index of its value.
    @inline(__always)
    private func key(at position: Int, end: Int) throws(Problem) -> (bytes: Range<Int>, value: Int) {
        let (token, next) = try varint(at: position, end: end)
        let half = token >> 1
        if token & 1 == 0 {
            guard half <= end - next else { throw .malformed }
            return (next..<next + half, next + half)
        }
        // A reference points back to a key that is written out, so references cannot form a cycle.
        guard half < position else { throw .malformed }
        let (earlier, start) = try varint(at: half, end: position)
        guard earlier & 1 == 0, earlier >> 1 <= position - start else { throw .malformed }
        return (start..<start + earlier >> 1, next)
    }

    /// The index of the value under a key, or `nil` if the container has no such key.
    ///
    /// - Complexity: O(1) for the key that follows the one requested before, otherwise O(*n*) in the entries.
    func find(_ key: String, in content: Range<Int>) throws(Problem) -> Int? {
        var key = key
        let from = hintContainer == content.lowerBound ? hintIndex : content.lowerBound
        let found: Result<Int?, Problem> = key.withUTF8 { wanted in
            let wanted = UnsafeRawBufferPointer(wanted)
            do throws(Problem) {
                if let value = try scan(for: wanted, from: from, to: content.upperBound, content) {
                    return .success(value)
                }
                return .success(try scan(for: wanted, from: content.lowerBound, to: from, content))
            } catch {
                return .failure(error)
            }
        }
        return try found.get()
    }

    private func scan(
        for wanted: UnsafeRawBufferPointer, from: Int, to: Int, _ content: Range<Int>
    ) throws(Problem) -> Int? {
        var position = from
        while position < to {
            let (found, value) = try key(at: position, end: content.upperBound)
            if found.count == wanted.count, isEqual(wanted, found.lowerBound) {
                hintContainer = content.lowerBound
                hintIndex = position
                return value
            }
            position = try skip(at: value, end: content.upperBound)
        }
        return nil
    }

    @inline(__always)
    private func isEqual(_ wanted: UnsafeRawBufferPointer, _ position: Int) -> Bool {
        let found = bytes(position..<position + wanted.count)
        for index in 0..<wanted.count where wanted[index] != found[index] { return false }
        return true
    }

    /// The entry has been read: the next one is probably requested next.
    func advance(past value: Int, in content: Range<Int>) throws(Problem) {
        let next = try skip(at: value, end: content.upperBound)
        hintContainer = content.lowerBound
        hintIndex = next
    }

    /// Calls `body` with every key of a keyed container, in the order in which they were written.
    func forEachKey(in content: Range<Int>, _ body: (String) -> Void) throws(Problem) {
        var position = content.lowerBound
        while position < content.upperBound {
            let (found, value) = try key(at: position, end: content.upperBound)
            body(try string(found))
            position = try skip(at: value, end: content.upperBound)
        }
    }

    // MARK: Values

    private func string(_ range: Range<Int>) throws(Problem) -> String {
        guard let text = String(utf8: bytes(range)) else { throw .malformed }
        return text
    }

    /// All values of an unkeyed container.
    @inline(__always)
    func list<Element>(
        at position: Int, end: Int, _ read: (Int, Int) throws(Problem) -> Element
    ) throws(Problem) -> [Element] {
        let content = try content(of: BinaryFormat.unkeyed, at: position, end: end)
        var elements: [Element] = []
        var next = content.lowerBound
        while next < content.upperBound {
            elements.append(try read(next, content.upperBound))
            next = try skip(at: next, end: content.upperBound)
        }
        return elements
    }

    func isNull(at position: Int, end: Int) throws(Problem) -> Bool {
        try tag(at: position, end: end) == BinaryFormat.null
    }

    func bool(at position: Int, end: Int) throws(Problem) -> Bool {
        switch try tag(at: position, end: end) {
        case BinaryFormat.no: return false
        case BinaryFormat.yes: return true
        case BinaryFormat.null: throw .null
        default: throw .mismatch
        }
    }

    @inline(__always)
    func number<Number: FixedWidthInteger>(_ type: Number.Type, at position: Int, end: Int) throws(Problem) -> Number {
        let tag = try tag(at: position, end: end)
        if tag >= BinaryFormat.smallNumber {
            guard let number = Number(exactly: tag & 0x7F) else { throw .outOfRange }
            return number
        }
        guard tag >= BinaryFormat.positive, tag < BinaryFormat.negative + 8 else {
            throw tag == BinaryFormat.null ? .null : .mismatch
        }
        let magnitude = try magnitude(tag, at: position, end: end)
        if tag < BinaryFormat.negative {
            guard let number = Number(exactly: magnitude) else { throw .outOfRange }
            return number
        }
        guard let positive = Int64(exactly: magnitude), let number = Number(exactly: ~positive) else {
            throw .outOfRange
        }
        return number
    }

    private func magnitude(_ tag: UInt8, at position: Int, end: Int) throws(Problem) -> UInt64 {
        let size = Int(tag & 7) + 1
        guard size < end - position else { throw .malformed }
        if count - position > 8 {
            let word = UInt64(
                littleEndian: base.unsafelyUnwrapped.loadUnaligned(fromByteOffset: position + 1, as: UInt64.self))
            return word & UInt64.max >> UInt64(64 - 8 * size)
        }
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(byte(position + 1 + index)) << UInt64(8 * index) }
        return value
    }

    func double(at position: Int, end: Int) throws(Problem) -> Double {
        let tag = try tag(at: position, end: end)
        switch tag {
        case BinaryFormat.double:
            guard let base, end - position >= 9 else { throw .malformed }
            let bits = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position + 1, as: UInt64.self))
            return Double(bitPattern: bits)
        case BinaryFormat.float:
            guard let base, end - position >= 5 else { throw .malformed }
            let bits = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: position + 1, as: UInt32.self))
            return Double(Float(bitPattern: bits))
        case BinaryFormat.smallNumber..., BinaryFormat.positive..<BinaryFormat.negative:
            return Double(try number(UInt64.self, at: position, end: end))
        case BinaryFormat.negative..<BinaryFormat.negative + 8:
            return Double(try number(Int64.self, at: position, end: end))
        case BinaryFormat.null: throw .null
        default: throw .mismatch
        }
    }

    func text(at position: Int, end: Int) throws(Problem) -> String {
        let tag = try tag(at: position, end: end)
        if tag >= BinaryFormat.shortText, tag < BinaryFormat.smallNumber {
            let size = Int(tag - BinaryFormat.shortText)
            guard size < end - position else { throw .malformed }
            return try string(position + 1..<position + 1 + size)
        }
        guard tag == BinaryFormat.text else { throw tag == BinaryFormat.null ? .null : .mismatch }
        return try string(try counted(at: position + 1, end: end))
    }

    /// Bytes, or `nil` if there is something else, such as an array of numbers.
    func bytes(at position: Int, end: Int) throws(Problem) -> UnsafeRawBufferPointer? {
        guard try tag(at: position, end: end) == BinaryFormat.bytes else { return nil }
        return bytes(try counted(at: position + 1, end: end))
    }
}
