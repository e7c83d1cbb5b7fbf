// memory.cpp - ld, st, ldu, prefetch, fence, membar over every space and vector width.
//
// Where the addresses are affine in the lane, an access of consecutive lanes is one vector access,
// one address is a scalar access, and bundles (v2, v4) that lie apart are moved lane by lane.
// Elsewhere each half warp is tested at run time: consecutive, one address, or anything (gather).
// Cache and eviction modifiers change no result and are accepted; volatile, relaxed, acquire and
// release accesses are fenced so that a loop that waits for another thread's store sees it.
#include "vgpu/isa/alignment.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Space;
using ptx::Type;

constexpr int kHalf = 16;

Space space_of(const Emitter& e) {
  if (e.has("global")) return Space::global;
  if (e.has("const")) return Space::constant;
  if (e.has("shared") || e.has("shared::cta") || e.has("shared::cluster")) return Space::shared;
  if (e.has("local")) return Space::local;
  for (const std::string& m : e.ins->modifiers)
    if (m.rfind("param", 0) == 0) return Space::param;
  return Space::generic;
}

void check_modifiers(Emitter& e) {
  for (const std::string& m : e.ins->modifiers) {
    static const char* known[] = {"global",
                                  "const",
                                  "shared",
                                  "shared::cta",
                                  "shared::cluster",
                                  "local",
                                  "param",
                                  "param::entry",
                                  "param::func",
                                  "nc",
                                  "ca",
                                  "cg",
                                  "cs",
                                  "lu",
                                  "cv",
                                  "wb",
                                  "wt",
                                  "volatile",
                                  "relaxed",
                                  "acquire",
                                  "release",
                                  "weak",
                                  "mmio",
                                  "cta",
                                  "gpu",
                                  "sys",
                                  "cluster",
                                  "v2",
                                  "v4",
                                  "v8",
                                  "L1::evict_last",
                                  "L1::evict_first",
                                  "L1::evict_normal",
                                  "L1::evict_unchanged",
                                  "L1::no_allocate",
                                  "L2::64B",
                                  "L2::128B",
                                  "L2::256B",
                                  "L2::evict_last",
                                  "L2::evict_first",
                                  "L2::evict_normal",
                                  "unified"};
    bool found = ptx::type_from_name(m) != Type::none;
    for (const char* k : known) found |= m == k;
    if (!found) e.unsupported("modifier ." + m);
  }
}

bool is_ordered(const Emitter& e) {
  return e.has("volatile") || e.has("relaxed") || e.has("acquire") || e.has("release") ||
         e.has("mmio") || e.has("cv");
}

void compiler_fence(Emitter& e) {
  e.ir.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent, llvm::SyncScope::SingleThread);
}

/// What one access moves: `count` elements of `type` per lane.
struct Access {
  Type type;
  llvm::Type* element;
  int count;
  std::int64_t bytes() const { return count * ptx::bits_of(type) / 8; }
  llvm::Align alignment() const {
    return llvm::Align(static_cast<std::uint64_t>(ptx::bits_of(type) / 8));
  }
};

std::vector<int> sequence(int count, int start, int step) {
  std::vector<int> out;
  for (int i = 0; i < count; ++i) out.push_back(start + i * step);
  return out;
}

/// `mask` (lanes) repeated for each of the lane's elements.
Value* repeat_mask(Emitter& e, Value* mask, int lanes, int count) {
  std::vector<int> index;
  for (int i = 0; i < lanes * count; ++i) index.push_back(i / count);
  return e.ir.CreateShuffleVector(mask, index);
}

/// Element w of each of `lanes` consecutive lanes out of one long vector.
Value* every_nth(Emitter& e, Value* all, int lanes, int w, int count) {
  return count == 1 ? all : e.ir.CreateShuffleVector(all, sequence(lanes, w, count));
}

Value* interleave(Emitter& e, const std::vector<Value*>& parts, int lanes) {
  const int count = static_cast<int>(parts.size());
  if (count == 1) return parts[0];
  Value* joined = parts[0];  // concatenate, then shuffle
  for (int i = 1; i < count; ++i) {
    const int have = lanes * i;
    std::vector<int> pad;
    for (int k = 0; k < have; ++k) pad.push_back(k < lanes ? k : -1);
    Value* padded = e.ir.CreateShuffleVector(parts[static_cast<std::size_t>(i)], pad);
    joined = e.ir.CreateShuffleVector(joined, padded, sequence(have + lanes, 0, 1));
  }
  std::vector<int> index;
  for (int i = 0; i < lanes * count; ++i) index.push_back((i % count) * lanes + i / count);
  return e.ir.CreateShuffleVector(joined, index);
}

std::vector<Value*> load_consecutive(Emitter& e, const Access& a, Value* base, int lanes,
                                     Value* mask) {
  auto* type = Emitter::vector_of(a.element, lanes * a.count);
  Value* all = mask ? static_cast<Value*>(e.ir.CreateMaskedLoad(
                          type, base, a.alignment(), repeat_mask(e, mask, lanes, a.count)))
                    : e.ir.CreateAlignedLoad(type, base, a.alignment());
  std::vector<Value*> out;
  for (int w = 0; w < a.count; ++w) out.push_back(every_nth(e, all, lanes, w, a.count));
  return out;
}

void store_consecutive(Emitter& e, const Access& a, Value* base, const std::vector<Value*>& parts,
                       int lanes, Value* mask) {
  Value* all = interleave(e, parts, lanes);
  if (mask)
    e.ir.CreateMaskedStore(all, base, a.alignment(), repeat_mask(e, mask, lanes, a.count));
  else
    e.ir.CreateAlignedStore(all, base, a.alignment());
}

Value* offset_pointer(Emitter& e, Value* pointer, std::int64_t bytes) {
  return bytes == 0 ? pointer
                    : e.ir.CreateGEP(e.ir.getInt8Ty(), pointer,
                                     e.ir.getInt64(static_cast<std::uint64_t>(bytes)));
}

Value* half_of(Emitter& e, Value* vector, int half) {
  return e.ir.CreateShuffleVector(vector, sequence(kHalf, half * kHalf, 1));
}

Value* join(Emitter& e, Value* low, Value* high) {
  return e.ir.CreateShuffleVector(low, high, sequence(kWarpSize, 0, 1));
}

/// The run-time test of a half warp: where its active lanes' addresses lie.
struct HalfTest {
  Value* consecutive;  // i1
  Value* same;         // i1
  Value* base;         // ptr: lane 0's address if consecutive
  Value* first;        // ptr: the first active lane's address
};

HalfTest test_half(Emitter& e, const Access& a, Value* pointers, Value* mask) {
  llvm::Type* i64 = e.ir.getInt64Ty();
  auto* vector = Emitter::vector_of(i64, kHalf);
  Value* address = e.ir.CreatePtrToInt(pointers, vector);
  Value* lane = e.ir.getInt64(0);
  if (mask) {
    Value* bits = e.ir.CreateBitCast(e.ir.CreateFreeze(mask), e.ir.getInt16Ty());
    lane = e.ir.CreateIntrinsic(e.ir.getInt16Ty(), llvm::Intrinsic::cttz, {bits, e.ir.getFalse()});
    lane = e.ir.CreateZExt(e.ir.CreateAnd(lane, e.ir.getInt16(kHalf - 1)), i64);
  }
  Value* first = e.ir.CreateExtractElement(address, lane);
  Value* base = e.ir.CreateSub(
      first, e.ir.CreateMul(lane, e.ir.getInt64(static_cast<std::uint64_t>(a.bytes()))));
  Value* distance = e.ir.CreateSub(address, e.splat(base, kHalf));
  auto everywhere = [&](Value* lanes) {
    if (mask) lanes = e.ir.CreateOr(lanes, e.ir.CreateNot(mask));
    return e.ir.CreateICmpEQ(e.ir.CreateBitCast(e.ir.CreateFreeze(lanes), e.ir.getInt16Ty()),
                             e.ir.getInt16(0xffff));
  };
  return {everywhere(e.ir.CreateICmpEQ(distance, e.lane_numbers(i64, a.bytes(), kHalf))),
          everywhere(e.ir.CreateICmpEQ(address, e.splat(first, kHalf))),
          e.ir.CreateIntToPtr(base, e.ir.getPtrTy()), e.ir.CreateIntToPtr(first, e.ir.getPtrTy())};
}

llvm::BasicBlock* new_block(Emitter& e, const char* name) {
  return llvm::BasicBlock::Create(e.ir.getContext(), name, e.ir.GetInsertBlock()->getParent());
}

Value* gather(Emitter& e, const Access& a, Value* pointers, int w, Value* mask) {
  Value* p =
      e.ir.CreateGEP(e.ir.getInt8Ty(), pointers,
                     e.ir.getInt64(static_cast<std::uint64_t>(w * ptx::bits_of(a.type) / 8)));
  const int lanes =
      mask ? static_cast<int>(llvm::cast<llvm::FixedVectorType>(mask->getType())->getNumElements())
           : kHalf;
  if (!mask) mask = llvm::Constant::getAllOnesValue(Emitter::vector_of(e.ir.getInt1Ty(), kHalf));
  return e.ir.CreateMaskedGather(Emitter::vector_of(a.element, lanes), p, a.alignment(), mask);
}

std::vector<Value*> load_half(Emitter& e, const Access& a, Value* pointers, Value* mask) {
  HalfTest test = test_half(e, a, pointers, mask);
  llvm::BasicBlock *fast = new_block(e, "ld.row"), *other = new_block(e, "ld.other"),
                   *one = new_block(e, "ld.one"), *any = new_block(e, "ld.any"),
                   *done = new_block(e, "ld.done");
  e.ir.CreateCondBr(test.consecutive, fast, other);
  e.ir.SetInsertPoint(fast);
  std::vector<Value*> from_fast = load_consecutive(e, a, test.base, kHalf, mask);
  e.ir.CreateBr(done);
  fast = e.ir.GetInsertBlock();
  e.ir.SetInsertPoint(other);
  Value* same = test.same;
  if (mask) {  // no active lane at all: both tests hold, the address is none
    Value* some = e.ir.CreateICmpNE(e.ir.CreateBitCast(e.ir.CreateFreeze(mask), e.ir.getInt16Ty()),
                                    e.ir.getInt16(0));
    same = e.ir.CreateAnd(same, some);
  }
  e.ir.CreateCondBr(same, one, any);
  e.ir.SetInsertPoint(one);
  std::vector<Value*> from_one;
  for (int w = 0; w < a.count; ++w)
    from_one.push_back(e.splat(
        e.ir.CreateAlignedLoad(
            a.element, offset_pointer(e, test.first, w * ptx::bits_of(a.type) / 8), a.alignment()),
        kHalf));
  e.ir.CreateBr(done);
  e.ir.SetInsertPoint(any);
  std::vector<Value*> from_any;
  for (int w = 0; w < a.count; ++w) from_any.push_back(gather(e, a, pointers, w, mask));
  e.ir.CreateBr(done);
  e.ir.SetInsertPoint(done);
  std::vector<Value*> out;
  for (int w = 0; w < a.count; ++w) {
    llvm::PHINode* phi = e.ir.CreatePHI(Emitter::vector_of(a.element, kHalf), 3);
    phi->addIncoming(from_fast[w], fast);
    phi->addIncoming(from_one[w], one);
    phi->addIncoming(from_any[w], any);
    out.push_back(phi);
  }
  return out;
}

void store_half(Emitter& e, const Access& a, Value* pointers, const std::vector<Value*>& parts,
                Value* mask) {
  HalfTest test = test_half(e, a, pointers, mask);
  llvm::BasicBlock *fast = new_block(e, "st.row"), *any = new_block(e, "st.any"),
                   *done = new_block(e, "st.done");
  e.ir.CreateCondBr(test.consecutive, fast, any);
  e.ir.SetInsertPoint(fast);
  store_consecutive(e, a, test.base, parts, kHalf, mask);
  e.ir.CreateBr(done);
  e.ir.SetInsertPoint(any);
  Value* lanes =
      mask ? mask : llvm::Constant::getAllOnesValue(Emitter::vector_of(e.ir.getInt1Ty(), kHalf));
  for (int w = 0; w < a.count; ++w) {
    Value* p =
        e.ir.CreateGEP(e.ir.getInt8Ty(), pointers,
                       e.ir.getInt64(static_cast<std::uint64_t>(w * ptx::bits_of(a.type) / 8)));
    e.ir.CreateMaskedScatter(parts[w], p, a.alignment(), lanes);
  }
  e.ir.CreateBr(done);
  e.ir.SetInsertPoint(done);
}

/// One address for the warp: a scalar load, guarded so that a warp without an active lane does not
/// touch it.
std::vector<Value*> load_one(Emitter& e, const Access& a, Value* base) {
  llvm::BasicBlock *read = nullptr, *done = nullptr, *start = e.ir.GetInsertBlock();
  if (e.ins->guard >= 0 && e.active()) {
    read = new_block(e, "ld.guarded"), done = new_block(e, "ld.done");
    Value* some = e.ir.CreateICmpNE(e.active_bits(), e.ir.getInt32(0));
    start = e.ir.GetInsertBlock();
    e.ir.CreateCondBr(some, read, done);
    e.ir.SetInsertPoint(read);
  }
  std::vector<Value*> out;
  for (int w = 0; w < a.count; ++w)
    out.push_back(e.ir.CreateAlignedLoad(
        a.element, offset_pointer(e, base, w * ptx::bits_of(a.type) / 8), a.alignment()));
  if (!done) return out;
  e.ir.CreateBr(done);
  e.ir.SetInsertPoint(done);
  for (Value*& v : out) {
    llvm::PHINode* phi = e.ir.CreatePHI(a.element, 2);
    phi->addIncoming(v, read);
    phi->addIncoming(llvm::Constant::getNullValue(a.element), start);
    v = phi;
  }
  return out;
}

/// Bundles `stride` bytes apart: each is one access, then the warp's bundles are taken apart.
std::vector<Value*> load_bundles(Emitter& e, const Access& a, const LaneAddresses& at) {
  auto* bundle = Emitter::vector_of(a.element, a.count);
  std::vector<Value*> level;
  for (int lane = 0; lane < kWarpSize; ++lane)
    level.push_back(e.ir.CreateAlignedLoad(bundle, offset_pointer(e, at.base, lane * at.stride),
                                           a.alignment()));
  for (int length = a.count; level.size() > 1; length *= 2) {
    std::vector<Value*> joined;
    for (std::size_t i = 0; i < level.size(); i += 2)
      joined.push_back(
          e.ir.CreateShuffleVector(level[i], level[i + 1], sequence(2 * length, 0, 1)));
    level = joined;
  }
  std::vector<Value*> out;
  for (int w = 0; w < a.count; ++w) out.push_back(every_nth(e, level[0], kWarpSize, w, a.count));
  return out;
}

void store_bundles(Emitter& e, const Access& a, const LaneAddresses& at,
                   const std::vector<Value*>& parts) {
  Value* all = interleave(e, parts, kWarpSize);
  for (int lane = 0; lane < kWarpSize; ++lane)
    e.ir.CreateAlignedStore(e.ir.CreateShuffleVector(all, sequence(a.count, lane * a.count, 1)),
                            offset_pointer(e, at.base, lane * at.stride), a.alignment());
}

std::vector<Value*> load(Emitter& e, const Access& a, const LaneAddresses& at) {
  Value* mask = e.active();
  if (at.affine && at.stride == 0) return load_one(e, a, at.base);
  if (at.affine && at.stride == a.bytes()) return load_consecutive(e, a, at.base, kWarpSize, mask);
  if (at.affine && a.count > 1 && !mask) return load_bundles(e, a, at);
  Value* pointers = e.pointers(at);
  std::vector<Value*> low =
      load_half(e, a, half_of(e, pointers, 0), mask ? half_of(e, mask, 0) : nullptr);
  std::vector<Value*> high =
      load_half(e, a, half_of(e, pointers, 1), mask ? half_of(e, mask, 1) : nullptr);
  for (int w = 0; w < a.count; ++w) low[w] = join(e, low[w], high[w]);
  return low;
}

void store(Emitter& e, const Access& a, const LaneAddresses& at, const std::vector<Value*>& parts) {
  Value* mask = e.active();
  if (at.affine && at.stride == a.bytes())
    return store_consecutive(e, a, at.base, parts, kWarpSize, mask);
  if (at.affine && at.stride == 0 &&
      !mask) {  // every lane to one address: the highest lane's value stays
    for (int w = 0; w < a.count; ++w)
      e.ir.CreateAlignedStore(e.ir.CreateExtractElement(parts[w], std::uint64_t{kWarpSize - 1}),
                              offset_pointer(e, at.base, w * ptx::bits_of(a.type) / 8),
                              a.alignment());
    return;
  }
  if (at.affine && a.count > 1 && !mask) return store_bundles(e, a, at, parts);
  Value* pointers = e.pointers(at);
  for (int half = 0; half < 2; ++half) {
    std::vector<Value*> half_parts;
    for (Value* p : parts) half_parts.push_back(half_of(e, p, half));
    store_half(e, a, half_of(e, pointers, half), half_parts,
               mask ? half_of(e, mask, half) : nullptr);
  }
}

Access access_of(Emitter& e) {
  const Type type = e.type_from_end();
  const int count = e.has("v8") ? 8 : e.has("v4") ? 4 : e.has("v2") ? 2 : 1;
  if (type == Type::none || type == Type::pred || ptx::bits_of(type) > 64) e.unsupported("type");
  return {type, e.element(type), count};
}

/// Values narrower than 16 bits widen by the type's sign; the register's own width is write()'s
/// business.
Value* widen_loaded(Emitter& e, Value* v, Type type) {
  if (!is_integer(type) || !is_signed(type)) {
    if (ptx::bits_of(type) >= 32 || !is_integer(type)) return v;
  }
  llvm::Type* wide = e.ir.getInt64Ty();
  if (v->getType()->isVectorTy()) wide = Emitter::vector_of(wide);
  if (ptx::bits_of(type) == 64) return v;
  return is_signed(type) ? e.ir.CreateSExt(v, wide) : e.ir.CreateZExt(v, wide);
}

void emit_load(Emitter& e) {
  check_modifiers(e);
  const Access a = access_of(e);
  const Space space = space_of(e);
  const LaneAddresses at = e.addresses(1, space);
  if (a.count > 1 && space != Space::param) require_alignment(e, at, a.bytes());
  if (is_ordered(e)) compiler_fence(e);
  const std::vector<Value*> values = load(e, a, at);
  if (is_ordered(e)) compiler_fence(e);
  const Operand& d = e.ins->operands[0];
  for (int w = 0; w < a.count; ++w) {
    const Operand& to =
        d.kind == Operand::Kind::vector ? d.elements[static_cast<std::size_t>(w)] : d;
    if (to.kind != Operand::Kind::discard) e.write(to, widen_loaded(e, values[w], a.type));
  }
}

void emit_store(Emitter& e) {
  check_modifiers(e);
  const Access a = access_of(e);
  const Space space = space_of(e);
  const LaneAddresses at = e.addresses(0, space);
  const Operand& s = e.ins->operands[1];
  std::vector<Value*> parts;
  for (int w = 0; w < a.count; ++w)
    parts.push_back(
        e.read(s.kind == Operand::Kind::vector ? s.elements[static_cast<std::size_t>(w)] : s,
               a.type, true));
  if (a.count > 1 && space != Space::param) require_alignment(e, at, a.bytes());
  if (is_ordered(e)) compiler_fence(e);
  store(e, a, at, parts);
  if (is_ordered(e)) compiler_fence(e);
}

}  // namespace

bool emit_memory(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "ld" || op == "ldu") return emit_load(e), true;
  if (op == "st") return emit_store(e), true;
  if (op == "membar" || op == "fence") {
    e.ir.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent);
    return true;
  }
  return op == "prefetch" || op == "prefetchu" || op == "applypriority" || op == "discard";
}

}  // namespace vgpu::isa
