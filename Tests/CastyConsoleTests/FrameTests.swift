import Testing

@Suite("Frames")
struct FrameTests {}
