# A Spack package of spine-mpi. "spack repo add tools/packaging/spack", then "spack install spine-mpi".
from spack.package import *


class SpineMpi(CMakePackage):
    """Sparse, interpretable word embeddings (NNSE, SPINE and others), trained data-parallel over MPI."""

    license("MIT")

    version("main", branch="main")

    variant("man", default=True, description="Build the man pages")

    depends_on("c", type="build")
    depends_on("cmake@3.20:", type="build")
    depends_on("pkgconfig", type="build")

    depends_on("mpi@3:")
    depends_on("hdf5@1.10.2:")
    # One rank a core: OpenBLAS without threads.
    depends_on("openblas threads=none")
    depends_on("random123", type="build")
    depends_on("inih")
    depends_on("zlib-api")
    depends_on("zstd")
    depends_on("xz")
    depends_on("bzip2")
    depends_on("libunistring")
    depends_on("libzip")
    depends_on("cjson")
    depends_on("xxhash")
    depends_on("liblinear")
    depends_on("hwloc")

    # In a checkout: "spack dev-build spine-mpi@main".
    def cmake_args(self):
        spec = self.spec
        return [
            self.define("SPINE_TESTS", False),
            self.define_from_variant("SPINE_MAN", "man"),
            self.define("MPI_C_COMPILER", spec["mpi"].mpicc),
            self.define("HDF5_ROOT", spec["hdf5"].prefix),
            self.define("RANDOM123_INCLUDE_DIR", spec["random123"].prefix.include),
        ]
