// memory_access.cpp - a warp's loads and stores by where its lanes' addresses lie.
//
// Where the addresses are affine in the lane, an access of consecutive lanes is one vector access,
// one address is a scalar access, and bundles (v2, v4) that lie apart are moved lane by lane; where
// the warp holds rows of 16 or 8 threads, each row so for itself.
// Elsewhere each half warp is tested at run time: consecutive, one address, or anything (gather).
// That is some hundred instructions of code, which in compact code stands once for all accesses of
// its kind, as a function of the module.
#include "vgpu/isa/memory_access.h"

namespace vgpu::isa {
namespace {

using llvm::Value;

constexpr int kHalf = 16;

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

Value* part_of(Emitter& e, Value* vector, int first, int lanes) {
  return vector ? e.ir.CreateShuffleVector(vector, sequence(lanes, first, 1)) : nullptr;
}

Value* half_of(Emitter& e, Value* vector, int half) {
  return part_of(e, vector, half * kHalf, kHalf);
}

Value* join(Emitter& e, Value* low, Value* high) {
  const auto lanes = llvm::cast<llvm::FixedVectorType>(low->getType())->getNumElements();
  return e.ir.CreateShuffleVector(low, high, sequence(2 * static_cast<int>(lanes), 0, 1));
}

/// One vector out of a power of two of them.
Value* join_all(Emitter& e, std::vector<Value*> parts) {
  while (parts.size() > 1) {
    std::vector<Value*> joined;
    for (std::size_t i = 0; i < parts.size(); i += 2)
      joined.push_back(join(e, parts[i], parts[i + 1]));
    parts = std::move(joined);
  }
  return parts[0];
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
  Value* all = join_all(e, std::move(level));
  std::vector<Value*> out;
  for (int w = 0; w < a.count; ++w) out.push_back(every_nth(e, all, kWarpSize, w, a.count));
  return out;
}

void store_bundles(Emitter& e, const Access& a, const LaneAddresses& at,
                   const std::vector<Value*>& parts) {
  Value* all = interleave(e, parts, kWarpSize);
  for (int lane = 0; lane < kWarpSize; ++lane)
    e.ir.CreateAlignedStore(e.ir.CreateShuffleVector(all, sequence(a.count, lane * a.count, 1)),
                            offset_pointer(e, at.base, lane * at.stride), a.alignment());
}

bool has_rows_in_order(const Access& a, const LaneAddresses& at, Value* mask) {
  return at.rows && (at.step.column == a.bytes() || (at.step.column == 0 && !mask));
}

/// Each row of the warp: consecutive, or one address.
std::vector<Value*> load_rows(Emitter& e, const Access& a, const LaneAddresses& at, Value* mask) {
  const int lanes = at.step.row_lanes;
  std::vector<std::vector<Value*>> rows(static_cast<std::size_t>(a.count));
  for (int r = 0; r < kWarpSize / lanes; ++r) {
    Value* base = offset_pointer(e, at.base, r * at.step.row);
    std::vector<Value*> row;
    if (at.step.column != 0)
      row = load_consecutive(e, a, base, lanes, part_of(e, mask, r * lanes, lanes));
    else
      for (Value* one : load_one(e, a, base)) row.push_back(e.splat(one, lanes));
    for (std::size_t w = 0; w < rows.size(); ++w) rows[w].push_back(row[w]);
  }
  std::vector<Value*> out;
  for (auto& row : rows) out.push_back(join_all(e, std::move(row)));
  return out;
}

/// Of lanes that store to one address the highest lane's value stays.
void store_rows(Emitter& e, const Access& a, const LaneAddresses& at,
                const std::vector<Value*>& parts, Value* mask) {
  const int lanes = at.step.row_lanes;
  for (int r = 0; r < kWarpSize / lanes; ++r) {
    Value* base = offset_pointer(e, at.base, r * at.step.row);
    const bool consecutive = at.step.column != 0;
    const int first = consecutive ? r * lanes : (r + 1) * lanes - 1;
    std::vector<Value*> row;
    for (Value* p : parts) row.push_back(part_of(e, p, first, consecutive ? lanes : 1));
    store_consecutive(e, a, base, row, consecutive ? lanes : 1,
                      consecutive ? part_of(e, mask, first, lanes) : nullptr);
  }
}

std::vector<Value*> load_any(Emitter& e, const Access& a, Value* pointers, Value* mask) {
  std::vector<Value*> low =
      load_half(e, a, half_of(e, pointers, 0), mask ? half_of(e, mask, 0) : nullptr);
  std::vector<Value*> high =
      load_half(e, a, half_of(e, pointers, 1), mask ? half_of(e, mask, 1) : nullptr);
  for (std::size_t w = 0; w < low.size(); ++w) low[w] = join(e, low[w], high[w]);
  return low;
}

void store_any(Emitter& e, const Access& a, Value* pointers, const std::vector<Value*>& parts,
               Value* mask) {
  for (int half = 0; half < 2; ++half) {
    std::vector<Value*> half_parts;
    for (Value* p : parts) half_parts.push_back(half_of(e, p, half));
    store_half(e, a, half_of(e, pointers, half), half_parts,
               mask ? half_of(e, mask, half) : nullptr);
  }
}

/// A function of the module that stands for all accesses of this kind: (pointers, mask bits,
/// values). `body` fills it when it is new.
llvm::Function* shared_access(Emitter& e, const Access& a, const char* what, bool masked,
                              llvm::Type* result, std::size_t values,
                              const std::function<void(llvm::Function*)>& body) {
  const std::string name = std::string(what) + "." + ptx::name_of(a.type) + "x" +
                           std::to_string(a.count) + (masked ? ".masked" : "");
  if (llvm::Function* known = e.module.getFunction(name)) return known;
  std::vector<llvm::Type*> types{Emitter::vector_of(e.ir.getPtrTy())};
  if (masked) types.push_back(e.ir.getInt32Ty());
  types.insert(types.end(), values, Emitter::vector_of(a.element));
  auto* function = llvm::Function::Create(llvm::FunctionType::get(result, types, false),
                                          llvm::GlobalValue::InternalLinkage, name, e.module);
  const llvm::Function& caller = *e.ir.GetInsertBlock()->getParent();
  for (const char* attribute : {"prefer-vector-width", "min-legal-vector-width"})
    function->addFnAttr(caller.getFnAttribute(attribute));
  function->addFnAttr(llvm::Attribute::NoUnwind);
  function->addFnAttr(llvm::Attribute::NoInline);
  const llvm::IRBuilderBase::InsertPointGuard guard(e.ir);
  e.ir.SetCurrentDebugLocation({});
  e.ir.SetInsertPoint(llvm::BasicBlock::Create(e.ir.getContext(), "top", function));
  body(function);
  return function;
}

Value* mask_argument(Emitter& e, llvm::Function* function, bool masked) {
  return masked ? e.bits_to_lanes(function->getArg(1)) : nullptr;
}

std::vector<Value*> call_load(Emitter& e, const Access& a, Value* pointers, Value* mask) {
  auto* lanes = Emitter::vector_of(a.element);
  llvm::Type* result =
      a.count == 1
          ? static_cast<llvm::Type*>(lanes)
          : llvm::StructType::get(e.ir.getContext(), std::vector<llvm::Type*>(a.count, lanes));
  auto* function = shared_access(e, a, "load", mask, result, 0, [&](llvm::Function* made) {
    const auto values = load_any(e, a, made->getArg(0), mask_argument(e, made, mask));
    Value* all = llvm::PoisonValue::get(result);
    for (unsigned w = 0; a.count > 1 && w < values.size(); ++w)
      all = e.ir.CreateInsertValue(all, values[w], w);
    e.ir.CreateRet(a.count == 1 ? values[0] : all);
  });
  std::vector<Value*> arguments{pointers};
  if (mask) arguments.push_back(e.lanes_to_bits(mask));
  Value* all = e.ir.CreateCall(function, arguments);
  if (a.count == 1) return {all};
  std::vector<Value*> out;
  for (unsigned w = 0; w < static_cast<unsigned>(a.count); ++w)
    out.push_back(e.ir.CreateExtractValue(all, w));
  return out;
}

void call_store(Emitter& e, const Access& a, Value* pointers, const std::vector<Value*>& parts,
                Value* mask) {
  auto* function =
      shared_access(e, a, "store", mask, e.ir.getVoidTy(), parts.size(), [&](llvm::Function* made) {
        std::vector<Value*> values;
        for (unsigned i = mask ? 2 : 1; i < made->arg_size(); ++i)
          values.push_back(made->getArg(i));
        store_any(e, a, made->getArg(0), values, mask_argument(e, made, mask));
        e.ir.CreateRetVoid();
      });
  std::vector<Value*> arguments{pointers};
  if (mask) arguments.push_back(e.lanes_to_bits(mask));
  arguments.insert(arguments.end(), parts.begin(), parts.end());
  e.ir.CreateCall(function, arguments);
}

/// Calls vgpu_{load,store}_bundles over the active lanes with room for all bundles.
void call_bundles(Emitter& e, const char* helper, const Access& a, const LaneAddresses& at,
                  Value* room) {
  Value* pointers = e.pointers(at);
  Value* where = e.scratch(pointers->getType());
  e.ir.CreateStore(pointers, where);
  e.call(helper, e.ir.getVoidTy(),
         {e.active_bits(), where, e.ir.getInt32(static_cast<std::uint32_t>(a.bytes())), room});
}

/// Whether a lane moves more than one element in one access of the host.
bool is_bundle(const Access& a) { return a.count > 1 && a.bytes() <= 16; }

}  // namespace

std::vector<Value*> load(Emitter& e, const Access& a, const LaneAddresses& at) {
  Value* mask = e.active();
  if (at.affine && at.stride == 0) return load_one(e, a, at.base);
  if (at.affine && at.stride == a.bytes()) return load_consecutive(e, a, at.base, kWarpSize, mask);
  if (at.affine && a.count > 1 && !mask) return load_bundles(e, a, at);
  if (has_rows_in_order(a, at, mask)) return load_rows(e, a, at, mask);
  return (e.compact ? call_load : load_any)(e, a, e.pointers(at), mask);
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
  if (has_rows_in_order(a, at, mask)) return store_rows(e, a, at, parts, mask);
  (e.compact ? call_store : store_any)(e, a, e.pointers(at), parts, mask);
}

std::vector<Value*> load_ordered(Emitter& e, const Access& a, const LaneAddresses& at) {
  if (!is_bundle(a)) return load(e, a, at);
  auto* type = Emitter::vector_of(a.element, kWarpSize * a.count);
  Value* room = e.scratch(type);
  e.ir.CreateStore(llvm::Constant::getNullValue(type), room);
  call_bundles(e, "vgpu_load_bundles", a, at, room);
  Value* all = e.ir.CreateLoad(type, room);
  std::vector<Value*> out;
  for (int w = 0; w < a.count; ++w) out.push_back(every_nth(e, all, kWarpSize, w, a.count));
  return out;
}

void store_ordered(Emitter& e, const Access& a, const LaneAddresses& at,
                   const std::vector<Value*>& parts) {
  if (!is_bundle(a)) return store(e, a, at, parts);
  Value* all = interleave(e, parts, kWarpSize);
  Value* room = e.scratch(all->getType());
  e.ir.CreateStore(all, room);
  call_bundles(e, "vgpu_store_bundles", a, at, room);
}

}  // namespace vgpu::isa
